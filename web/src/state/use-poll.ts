/** A poller as a hook: runs a query over a range, and again at every step of a live range. */

import { useEffect, useMemo, useState } from 'preact/hooks'
import { serverNow } from '../api/clock.js'
import { ApiError, mayPass } from '../api/errors.js'
import { createPoller, IDLE, type PollState } from '../api/poller.js'
import { type Answer, fetchTimeSeries } from '../api/timeseries.js'
import { resolveRange, type TimeRange } from './time.js'
import type { Polled } from './use-polled.js'

export type Poll = Polled<Answer>

/**
 * `query` null: nothing is asked. A change of the query forgets the old answer; a change of the range keeps it until the
 * new one is there.
 */
export function usePoll(
  query: string | null,
  range: TimeRange,
  utc: boolean,
  everyMs: number,
  held: boolean,
  limit: number | null = null,
): Poll {
  const [state, setState] = useState<PollState<Answer>>(IDLE)
  const asked = useMemo(() => ({ query, range, utc, limit }), [])
  const poller = useMemo(
    () =>
      createPoller<Answer>({
        load: (signal) => {
          const interval = resolveRange(asked.range, serverNow())
          if (asked.query === null || interval === null)
            return Promise.reject(new ApiError('The time range cannot be read.', 400, 'BAD_RANGE'))
          return fetchTimeSeries({ ...asked, query: asked.query, interval }, signal)
        },
        onState: setState,
        again: mayPass,
      }),
    [],
  )

  useEffect(() => {
    const forget = asked.query !== query
    asked.query = query
    asked.range = range
    asked.utc = utc
    asked.limit = limit
    if (query !== null) poller.run(forget)
  }, [query, range.from, range.to, utc, limit])
  useEffect(() => poller.every(everyMs), [everyMs])
  useEffect(() => poller.hold(held), [held])
  useEffect(() => () => poller.stop(), [])

  return { ...(query === null ? IDLE : state), run: poller.run }
}

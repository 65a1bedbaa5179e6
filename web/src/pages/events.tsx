import { useEffect, useMemo, useState } from 'preact/hooks'
import { serverNow } from '../api/clock.js'
import { fetchEvents } from '../api/events.js'
import { EventFilters } from '../components/event-filters.js'
import { EventTable } from '../components/event-table.js'
import { eventFilterFromText, eventFilterToText, eventQuery } from '../query/event-filter.js'
import { resolveRange } from '../state/time.js'
import { usePolled } from '../state/use-polled.js'
import type { PageProps } from './page.js'
import { PolledPage } from './polled-page.js'

const STEP = 100
const MOST = 2_000

/** What has happened: by kind, severity, place, words and time. */
export function EventsPage({ view, navigate, range, refreshMs, hold, onPoll }: PageProps) {
  const [most, setMost] = useState(STEP)
  const filter = useMemo(() => eventFilterFromText(view.query), [view.query])
  const poll = usePolled(
    (signal) => {
      const interval = resolveRange(range, serverNow()) ?? { from: 0, to: serverNow() }
      // Clocks of senders may be a little ahead.
      const to = refreshMs > 0 ? interval.to + AHEAD_MS : interval.to
      return fetchEvents(eventQuery(filter, { from: interval.from, to }), most, signal)
    },
    [filter, range.from, range.to, most],
    refreshMs,
    hold.hidden,
  )
  useEffect(() => setMost(STEP), [filter, range.from, range.to])
  useEffect(() => onPoll(poll), [poll])
  return (
    <PolledPage
      poll={poll}
      utc={view.utc}
      title="Events"
      aside={
        poll.value && <span class="dim">{countOf(poll.value.totalResults, poll.value.items.length)}</span>
      }
      controls={
        <EventFilters filter={filter} onFilter={(next) => navigate({ query: eventFilterToText(next) })} />
      }
      waiting="Looking…"
    >
      {(value) => (
        <section class="card event-list" aria-label="What has happened">
          <EventTable events={value.items} utc={view.utc} label="Events" />
          {value.totalResults > value.items.length && most < MOST && (
            <button type="button" class="button" onClick={() => setMost(Math.min(MOST, 2 * most))}>
              Show more
            </button>
          )}
        </section>
      )}
    </PolledPage>
  )
}

const AHEAD_MS = 60_000

const countOf = (total: number, shown: number): string => {
  if (total === 0) return 'Nothing was found in this time.'
  return total > shown ? `${shown} of ${total}, the newest first` : `${total}, the newest first`
}

import { useEffect, useMemo, useState } from 'preact/hooks'
import { serverNow } from '../api/clock.js'
import { fetchEvents } from '../api/events.js'
import { Banner } from '../components/banner.js'
import { EventFilters } from '../components/event-filters.js'
import { EventTable } from '../components/event-table.js'
import { eventFilterFromText, eventFilterToText, eventQuery } from '../query/event-filter.js'
import { resolveRange } from '../state/time.js'
import { usePolled } from '../state/use-polled.js'
import { apiError, type PageProps } from './page.js'

const STEP = 100
const MOST = 2_000

/** What has happened: by kind, severity, place, words and time. */
export function EventsPage({ view, navigate, range, refreshMs, hold, onPoll }: PageProps) {
  const [most, setMost] = useState(STEP)
  const filter = useMemo(() => eventFilterFromText(view.query), [view.query])
  const { state, poller } = usePolled(
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
  useEffect(() => onPoll({ ...state, run: () => poller.run() }), [state, poller])
  const { value } = state
  const problem = apiError(state)
  return (
    <main>
      {problem && (
        <Banner
          error={problem}
          loadedAt={state.loadedAt}
          retryAt={state.retryAt}
          loading={state.loading}
          utc={view.utc}
          onRetry={poller.run}
        />
      )}
      <div class="page-head">
        <h1>Events</h1>
        {value && <span class="dim">{countOf(value.totalResults, value.items.length)}</span>}
      </div>
      <EventFilters filter={filter} onFilter={(next) => navigate({ query: eventFilterToText(next) })} />
      {value ? (
        <section class="card event-list" aria-label="What has happened">
          <EventTable events={value.items} utc={view.utc} label="Events" />
          {value.totalResults > value.items.length && most < MOST && (
            <button type="button" class="button" onClick={() => setMost(Math.min(MOST, 2 * most))}>
              Show more
            </button>
          )}
        </section>
      ) : (
        !problem && <p class="dim loading">Looking…</p>
      )}
    </main>
  )
}

const AHEAD_MS = 60_000

const countOf = (total: number, shown: number): string => {
  if (total === 0) return 'Nothing was found in this time.'
  return total > shown ? `${shown} of ${total}, the newest first` : `${total}, the newest first`
}

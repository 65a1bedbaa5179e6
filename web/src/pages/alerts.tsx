import { type AlertsView, fetchAlerts, type PublisherStatus } from '../api/alerts.js'
import { serverNow } from '../api/clock.js'
import { fetchEvents } from '../api/events.js'
import { EventTable } from '../components/event-table.js'
import { Receivers } from '../components/receivers.js'
import { Silences } from '../components/silences.js'
import { formatDuration } from '../format/time.js'
import { eventFilterToText, eventQuery } from '../query/event-filter.js'
import { usePolled } from '../state/use-polled.js'
import { DEFAULT_VIEW, viewToSearch } from '../state/view.js'
import { PolledPage } from './polled-page.js'

const STEP_MS = 5_000
const DAY_MS = 86_400_000
const RECENT = 20
const ALL_ALERTS = viewToSearch({
  ...DEFAULT_VIEW,
  page: 'events',
  query: eventFilterToText({ alert: 'yes' }),
})

async function fetchPage(signal: AbortSignal) {
  const now = serverNow()
  const query = eventQuery({ alert: 'yes' }, { from: now - 7 * DAY_MS, to: now + 60_000 })
  const [alerts, recent] = await Promise.all([fetchAlerts(signal), fetchEvents(query, RECENT, signal)])
  return { alerts, recent }
}

/** Who is told of what: recent alerts, how they are delivered, and what is silenced. */
export function AlertsPage({ utc, hidden }: { utc: boolean; hidden: boolean }) {
  const poll = usePolled(fetchPage, [], STEP_MS, hidden)
  return (
    <PolledPage
      poll={poll}
      utc={utc}
      title="Alerts"
      aside={poll.value?.alerts.status && <span class="dim">{outboxText(poll.value.alerts)}</span>}
      waiting="Asking…"
    >
      {(value) => (
        <div class="alerts">
          <section class="card" aria-label="Receivers of alerts">
            <h2>Receivers</h2>
            {value.alerts.status ? (
              <>
                <Troubles status={value.alerts.status} />
                <Receivers receivers={value.alerts.status.receivers} utc={utc} />
              </>
            ) : (
              <p>
                There is no alert publisher: nobody is told of alerts. Start the monitor with{' '}
                <code>--alert-publisher-url</code>.
              </p>
            )}
          </section>
          {value.alerts.status && (
            <section class="card" aria-label="What is silenced">
              <h2>Silences</h2>
              <Silences silences={value.alerts.silences} utc={utc} onChanged={poll.run} />
            </section>
          )}
          <section class="card" aria-label="The newest alerts">
            <h2>
              Recent alerts <a href={ALL_ALERTS}>all</a>
            </h2>
            {value.recent.items.length > 0 ? (
              <EventTable events={value.recent.items} utc={utc} label="Recent alerts" />
            ) : (
              <p class="dim">There were none in the last week.</p>
            )}
          </section>
        </div>
      )}
    </PolledPage>
  )
}

function outboxText({ status, pending }: AlertsView): string {
  if (!status) return ''
  const { outbox, causes } = status
  const waiting =
    outbox.messages === 0
      ? 'no message waits'
      : `${outbox.messages === 1 ? '1 message waits' : `${outbox.messages} messages wait`}, the oldest for ${formatDuration(outbox.oldestSeconds * 1000)}`
  const before = pending > 0 ? `, ${pending} on the way to the publisher` : ''
  return `${causes === 1 ? '1 entity is' : `${causes} entities are`} in trouble; ${waiting}${before}.`
}

function Troubles({ status }: { status: PublisherStatus }) {
  const { outbox, lost, missingReceivers } = status
  const count = lost.full + lost.expired + lost.causes
  return (
    <>
      {outbox.diskError && (
        <p role="alert" class="mark bad">
          The outbox cannot be written: {outbox.diskError}. Alerts go out, but a restart forgets them.
        </p>
      )}
      {count > 0 && (
        <p class="mark bad">
          {count} {count === 1 ? 'was' : 'were'} dropped undelivered since the start: {lost.full} for want of
          space, {lost.expired} too old, {lost.causes} beyond the number of entities.
        </p>
      )}
      {missingReceivers.length > 0 && (
        <p class="mark concerning">
          Messages wait for receivers that the settings do not have any more: {missingReceivers.join(', ')}.
        </p>
      )}
    </>
  )
}

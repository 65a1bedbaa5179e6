import type { ApiEvent, EventCategory } from '../../../src/wire/event.js'
import { attributeOf } from '../api/events.js'
import { formatInstant } from '../format/time.js'
import { DEFAULT_VIEW, viewToSearch } from '../state/view.js'

const KINDS: Record<EventCategory, string> = {
  HEALTH_EVENT: 'health',
  LOG_EVENT: 'log',
  AUDIT_EVENT: 'audit',
  ACTIVITY_EVENT: 'activity',
  SYSTEM: 'system',
  HBASE: 'hbase',
  UNKNOWN: '',
}
const MARKS = { CRITICAL: 'bad', IMPORTANT: 'concerning', INFORMATIONAL: '', UNKNOWN: '' } as const

interface EventTableProps {
  readonly events: readonly ApiEvent[]
  readonly utc: boolean
  readonly label: string
}

/** Events, one a row; what else they hold opens with a click. */
export function EventTable({ events, utc, label }: EventTableProps) {
  return (
    <table class="data events" aria-label={label}>
      <tbody>
        {events.map((event) => (
          <Row key={event.id} event={event} utc={utc} />
        ))}
      </tbody>
    </table>
  )
}

function Row({ event, utc }: { event: ApiEvent; utc: boolean }) {
  const { severity, category, content, alert } = event
  const address = healthAddress(event)
  return (
    <tr>
      <td class="nowrap" title={event.timeOccurred}>
        {formatInstant(Math.floor(Date.parse(event.timeOccurred) / 1000) * 1000, utc)}
      </td>
      <td class="nowrap">
        <span class={`mark ${MARKS[severity]}`}>{severity.toLowerCase()}</span>
        {alert && (
          <span class="alert-mark" title="Told, or to be told, to those who receive alerts">
            alert
          </span>
        )}
      </td>
      <td class="dim nowrap">{KINDS[category]}</td>
      <td>
        <details>
          <summary>
            <span class="event-content">{content}</span>
            <span class="dim event-place">{placeOf(event)}</span>
          </summary>
          <dl>
            {event.attributes.map(({ name, values }) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{values.join('\n')}</dd>
              </div>
            ))}
            <div>
              <dt>received</dt>
              <dd>{formatInstant(Date.parse(event.timeReceived), utc)}</dd>
            </div>
          </dl>
          {address && <a href={address}>How it is now</a>}
        </details>
      </td>
    </tr>
  )
}

function placeOf(event: ApiEvent): string {
  const shown = (name: string) => attributeOf(event, `${name}_DISPLAY_NAME`) ?? attributeOf(event, name)
  const parts = [shown('CLUSTER'), shown('SERVICE'), shown('ROLE'), attributeOf(event, 'HOSTS')]
  const user = attributeOf(event, 'USER')
  return [...parts, user && `by ${user}`].filter(Boolean).join(' · ')
}

/** Where the health of what the event is about is shown; undefined: it names nobody who has one. */
function healthAddress(event: ApiEvent): string | undefined {
  const of = (category: string | undefined, identity: string | undefined) =>
    category && identity
      ? viewToSearch({ ...DEFAULT_VIEW, page: 'health', entity: `${category}/${identity}` })
      : undefined
  return (
    of(attributeOf(event, 'ENTITY_CATEGORY'), attributeOf(event, 'ENTITY_ID')) ??
    of('ROLE', attributeOf(event, 'ROLE')) ??
    of('SERVICE', attributeOf(event, 'SERVICE_ID')) ??
    of('HOST', attributeOf(event, 'HOST_IDS'))
  )
}

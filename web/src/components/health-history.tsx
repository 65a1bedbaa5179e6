import type { EntityHealth, HealthHistory } from '../../../src/wire/health.js'
import { formatInstant } from '../format/time.js'
import type { Interval } from '../state/time.js'

interface HealthHistoryProps {
  readonly entity: EntityHealth
  readonly history: HealthHistory | null
  readonly interval: Interval
  /** Whose changes: a test's name; empty: the entity's. */
  readonly test: string
  readonly utc: boolean
  readonly onTest: (test: string) => void
  /** Somebody wants to see how everything was at a time, milliseconds. */
  readonly onTime: (at: number) => void
}

/** A line of how the entity, or a test of it, was, and its changes, the newest first. A press on either shows that time. */
export function HealthHistoryTable(props: HealthHistoryProps) {
  const { entity, history, interval, test, utc, onTest, onTime } = props
  const transitions = [...(history?.transitions ?? [])].sort((a, b) => a.at - b.at)
  const spans = transitions.map(({ at, to }, i) => ({
    from: at,
    to: transitions[i + 1]?.at ?? interval.to,
    summary: to,
  }))
  const [first] = transitions
  const shown = test === '' ? entity.summary : entity.tests?.find((each) => each.test === test)?.summary
  spans.unshift({
    from: interval.from,
    to: first?.at ?? interval.to,
    summary: first?.from ?? shown ?? 'HISTORY_NOT_AVAILABLE',
  })
  return (
    <>
      <h3>
        <label>
          History of{' '}
          <select value={test} onChange={(event) => onTest(event.currentTarget.value)}>
            <option value="">the whole</option>
            {entity.tests?.map((each) => (
              <option key={each.test} value={each.test}>
                {each.label}
              </option>
            ))}
          </select>
        </label>
      </h3>
      <div class="timeline">
        {spans
          .filter(({ from, to }) => to > from)
          .map(({ from, to, summary }) => (
            <button
              key={from}
              type="button"
              class={`span ${summary.toLowerCase()}`}
              style={{ flexGrow: (to - from) / (interval.to - interval.from) }}
              title={`${summary}, ${formatInstant(from, utc)} to ${formatInstant(to, utc)}`}
              aria-label={`${summary} from ${formatInstant(from, utc)} to ${formatInstant(to, utc)}`}
              onClick={(event) => {
                const { left, width } = event.currentTarget.getBoundingClientRect()
                // By keyboard there is no place in it: its beginning.
                const part = event.detail === 0 || width === 0 ? 0 : (event.clientX - left) / width
                onTime(Math.ceil(from + part * (to - from)))
              }}
            />
          ))}
      </div>
      <p class="dim ends">
        <span>{formatInstant(Math.floor(interval.from / 1000) * 1000, utc)}</span>
        <span>{formatInstant(Math.floor(interval.to / 1000) * 1000, utc)}</span>
      </p>
      {transitions.length === 0 ? (
        <p class="dim">Nothing changed in this time.</p>
      ) : (
        <table class="data" aria-label="History">
          <tbody>
            {transitions.toReversed().map(({ at, from, to, explanation }) => (
              <tr key={`${at} ${from}`}>
                <td class="nowrap">
                  <button type="button" class="link" title="How it was then" onClick={() => onTime(at)}>
                    {formatInstant(at, utc)}
                  </button>
                </td>
                <td class="nowrap">
                  {from} → {to}
                </td>
                <td>{explanation}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {history?.more && <p class="dim">There is more: choose a shorter time.</p>}
    </>
  )
}

import type { HealthHistory } from '../../../src/wire/health.js'
import { formatInstant } from '../format/time.js'

interface HealthHistoryProps {
  readonly history: HealthHistory | null
  readonly utc: boolean
}

const DAY_MS = 86_400_000

/** The last day of an entity: a line of its health, and its changes, the newest first. */
export function HealthHistoryTable({ history, utc }: HealthHistoryProps) {
  const transitions = history?.transitions ?? []
  const now = Date.now()
  const begin = now - DAY_MS
  const sorted = [...transitions].sort((a, b) => a.at - b.at)
  const spans = sorted.map(({ at, to }, i) => ({ from: at, to: sorted[i + 1]?.at ?? now, summary: to }))
  const [first] = sorted
  if (first) spans.unshift({ from: begin, to: first.at, summary: first.from })
  return (
    <>
      <h3>The last day</h3>
      {transitions.length === 0 ? (
        <p class="dim">Its health has not changed.</p>
      ) : (
        <>
          <div class="timeline" role="img" aria-label={`${transitions.length} changes in the last day`}>
            {spans.map(({ from, to, summary }) => (
              <span
                key={from}
                class={`span ${summary.toLowerCase()}`}
                style={{ flexGrow: Math.max(1, to - from) / DAY_MS }}
                title={`${summary} from ${formatInstant(from, utc)}`}
              />
            ))}
          </div>
          <table class="data" aria-label="History">
            <tbody>
              {sorted.toReversed().map(({ at, from, to, explanation }) => (
                <tr key={at}>
                  <td class="nowrap">{formatInstant(at, utc)}</td>
                  <td>
                    {from} → {to}
                  </td>
                  <td>{explanation}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </>
  )
}

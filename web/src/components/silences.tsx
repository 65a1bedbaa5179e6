import { useState } from 'preact/hooks'
import { type ActiveSilence, createSilence, endSilence } from '../api/alerts.js'
import { serverNow } from '../api/clock.js'
import { formatInstant } from '../format/time.js'

const FIELDS = ['cluster', 'service', 'role', 'host', 'entity', 'test', 'severity'] as const
const HOUR_MS = 3_600_000
const LENGTHS: readonly [ms: number, label: string][] = [
  [HOUR_MS, '1 hour'],
  [4 * HOUR_MS, '4 hours'],
  [24 * HOUR_MS, '1 day'],
  [7 * 24 * HOUR_MS, '1 week'],
]

interface SilencesProps {
  readonly silences: readonly ActiveSilence[]
  readonly utc: boolean
  readonly onChanged: () => void
}

/** Of what nobody is told now, until when and why; and a form for another. */
export function Silences({ silences, utc, onChanged }: SilencesProps) {
  const [failure, setFailure] = useState('')
  const [field, setField] = useState<string>('host')
  const [pattern, setPattern] = useState('')
  const [length, setLength] = useState(4 * HOUR_MS)
  const [comment, setComment] = useState('')
  const settle = (work: Promise<unknown>, done?: () => void) => {
    setFailure('')
    work.then(
      () => {
        done?.()
        onChanged()
      },
      (error: Error) => setFailure(error.message),
    )
  }
  const create = (event: Event) => {
    event.preventDefault()
    const match = { [field]: [pattern.trim()] }
    settle(createSilence({ match, until: serverNow() + length, comment }), () => {
      setPattern('')
      setComment('')
    })
  }
  return (
    <>
      {silences.length === 0 ? (
        <p class="dim">Nothing is silenced.</p>
      ) : (
        <table class="data" aria-label="Silences">
          <tbody>
            {silences.map((silence) => (
              <tr key={silence.id} class={silence.active ? '' : 'dim'}>
                <td>
                  {Object.entries(silence.match)
                    .map(([name, patterns]) => `${name} ${patterns.join(' or ')}`)
                    .join(', ')}
                </td>
                <td class="nowrap">
                  {silence.active ? '' : `from ${formatInstant(silence.from, utc)} `}
                  until {formatInstant(silence.until, utc)}
                </td>
                <td>
                  {silence.comment} {silence.createdBy && <span class="dim">by {silence.createdBy}</span>}
                </td>
                <td>
                  <button type="button" class="button" onClick={() => settle(endSilence(silence.id))}>
                    End it
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <form class="silence-form" aria-label="New silence" onSubmit={create}>
        <label>
          <span>Silence</span>
          <select class="button" value={field} onChange={(event) => setField(event.currentTarget.value)}>
            {FIELDS.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Name</span>
          <input
            type="text"
            required
            value={pattern}
            placeholder="node7*"
            onInput={(event) => setPattern(event.currentTarget.value)}
          />
        </label>
        <label>
          <span>For</span>
          <select
            class="button"
            value={String(length)}
            onChange={(event) => setLength(Number(event.currentTarget.value))}
          >
            {LENGTHS.map(([ms, label]) => (
              <option key={ms} value={String(ms)}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>Why</span>
          <input type="text" value={comment} onInput={(event) => setComment(event.currentTarget.value)} />
        </label>
        <button type="submit" class="button">
          Silence
        </button>
      </form>
      {failure && <p role="alert">{failure}</p>}
    </>
  )
}

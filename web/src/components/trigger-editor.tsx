import { useState } from 'preact/hooks'
import type { EntityHealth } from '../../../src/wire/health.js'
import { type Preview, previewTrigger, saveTrigger } from '../api/health.js'
import { formatInstant } from '../format/time.js'

interface TriggerEditorProps {
  readonly entity: EntityHealth
  readonly utc: boolean
  readonly onSaved: () => void
}

const EXAMPLES: Record<string, string> = {
  ROLE: 'IF (SELECT fd_open WHERE roleName=$ROLENAME AND last(fd_open) > 1500) DO health:concerning',
  HOST: 'IF (SELECT load_1 WHERE hostId=$HOSTID AND last(load_1) > 50) DO health:concerning',
  SERVICE: 'IF (SELECT fd_open WHERE serviceName=$SERVICENAME AND last(fd_open) > 1500) DO health:bad',
}
const MOST_SHOWN = 20

/** A new trigger of an entity: tried on the last day before it is saved. */
export function TriggerEditor({ entity, utc, onSaved }: TriggerEditorProps) {
  const [name, setName] = useState('')
  const [expression, setExpression] = useState(EXAMPLES[entity.category] ?? '')
  const [preview, setPreview] = useState<Preview | null>(null)
  const [message, setMessage] = useState('')
  const [busy, setBusy] = useState(false)
  const run = (work: Promise<unknown>) => {
    setBusy(true)
    setMessage('')
    work.catch((error) => setMessage(String((error as Error).message))).finally(() => setBusy(false))
  }
  return (
    <form
      class="trigger"
      aria-label="New trigger"
      onSubmit={(event) => {
        event.preventDefault()
        run(
          saveTrigger(entity, name.trim(), expression).then(() => {
            setMessage('Saved. It is evaluated within a minute.')
            onSaved()
          }),
        )
      }}
    >
      <h3>New trigger</h3>
      <label>
        Name{' '}
        <input
          required
          maxLength={100}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label>
        Condition
        <textarea
          required
          rows={2}
          spellcheck={false}
          value={expression}
          onInput={(event) => setExpression(event.currentTarget.value)}
        />
      </label>
      <div class="group">
        <button
          type="button"
          class="button"
          disabled={busy}
          onClick={() => run(previewTrigger(entity, expression).then(setPreview))}
        >
          Try on the last day
        </button>
        <button type="submit" class="button primary" disabled={busy}>
          Save
        </button>
      </div>
      {message && <p role="status">{message}</p>}
      {preview && (
        <div role="status">
          <p>
            {preview.firings.length === 0
              ? 'It would not have fired.'
              : `It would have fired ${preview.firings.length === 1 ? 'once' : `${preview.firings.length} times`}.`}
            {!preview.complete && ' Not all of the day could be looked at in time.'}
          </p>
          <ul>
            {preview.firings.slice(0, MOST_SHOWN).map(({ from, to }) => (
              <li key={from}>
                {formatInstant(Date.parse(from), utc)} to {formatInstant(Date.parse(to), utc)}
              </li>
            ))}
          </ul>
        </div>
      )}
    </form>
  )
}

import { useState } from 'preact/hooks'
import type { EntityHealth } from '../../../src/wire/health.js'
import { ApiError } from '../api/errors.js'
import { type Preview, previewTrigger, type TriggerDefinition } from '../api/triggers.js'
import { formatDuration, formatInstant } from '../format/time.js'

interface TriggerFormProps {
  readonly entity: EntityHealth
  /** The one that is changed; null for a new one. */
  readonly trigger: TriggerDefinition | null
  readonly utc: boolean
  readonly onSave: (trigger: TriggerDefinition) => Promise<void>
  readonly onCancel: () => void
}

const EXAMPLES: Record<string, string> = {
  ROLE: 'IF (SELECT fd_open WHERE roleName=$ROLENAME AND last(fd_open) > 1500) DO health:concerning',
  HOST: 'IF (SELECT load_1 WHERE hostId=$HOSTID AND last(load_1) > 50) DO health:concerning',
  SERVICE:
    'IF (SELECT fd_open WHERE serviceName=$SERVICENAME AND clusterName=$CLUSTERNAME AND last(fd_open) > 1500) DO health:bad',
  CLUSTER: 'IF (SELECT load_1 WHERE clusterName=$CLUSTERNAME AND last(load_1) > 50) DO health:concerning',
}
const MOST_SHOWN = 20
const WINDOW_MINUTES = 5

/** A trigger, new or changed: tried on past data before it is saved. */
export function TriggerForm({ entity, trigger, utc, onSave, onCancel }: TriggerFormProps) {
  const [name, setName] = useState(trigger?.triggerName ?? '')
  const [expression, setExpression] = useState(trigger?.triggerExpression ?? EXAMPLES[entity.category] ?? '')
  const [threshold, setThreshold] = useState(String(trigger?.streamThreshold ?? 0))
  const [minutes, setMinutes] = useState(
    String(trigger?.validityWindowInMs ? Number(trigger.validityWindowInMs) / 60_000 : WINDOW_MINUTES),
  )
  const [days, setDays] = useState(1)
  const [preview, setPreview] = useState<Preview | null>(null)
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const run = (work: Promise<unknown>) => {
    setBusy(true)
    setProblem('')
    work.catch((error) => setProblem(withPlace(error, expression))).finally(() => setBusy(false))
  }
  const condition = {
    triggerExpression: expression,
    streamThreshold: Number(threshold),
    validityWindowInMs: Math.round(Number(minutes) * 60_000),
  }
  const number = (label: string, value: string, set: (text: string) => void, least: string) => (
    <label>
      {label}{' '}
      <input
        type="number"
        required
        min={least}
        step="any"
        value={value}
        onInput={(event) => set(event.currentTarget.value)}
      />
    </label>
  )
  return (
    <form
      class="trigger"
      aria-label={trigger ? 'Trigger' : 'New trigger'}
      onSubmit={(event) => {
        event.preventDefault()
        const saved = { enabled: true, ...trigger, ...condition, triggerName: name.trim() }
        run(
          onSave(saved).then(() => {
            if (trigger === null) setName('')
          }),
        )
      }}
    >
      <h3>{trigger ? `Change ${trigger.triggerName}` : 'New trigger'}</h3>
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
        {number('Fires with more streams than', threshold, setThreshold, '0')}
        {number('that fulfil it in the last minutes', minutes, setMinutes, '0.2')}
      </div>
      <div class="group">
        <button
          type="button"
          class="button"
          disabled={busy}
          onClick={() => run(previewTrigger(entity, condition, days).then(setPreview))}
        >
          Try on the last
        </button>
        <select
          aria-label="Days to try it on"
          value={String(days)}
          onChange={(event) => setDays(Number(event.currentTarget.value))}
        >
          <option value="1">day</option>
          <option value="7">7 days</option>
          <option value="30">30 days</option>
        </select>
        <button type="submit" class="button primary" disabled={busy}>
          Save
        </button>
        {trigger && (
          <button type="button" class="button" onClick={onCancel}>
            Cancel
          </button>
        )}
      </div>
      {problem && <p role="alert">{problem}</p>}
      {preview && (
        <div role="status">
          <p>
            {preview.firings.length === 0
              ? 'It would not have fired.'
              : `It would have fired ${preview.firings.length === 1 ? 'once' : `${preview.firings.length} times`}.`}{' '}
            Looked at every {formatDuration(preview.stepMs)}.
            {!preview.complete && ' Not all of that time could be looked at.'}
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

/** What is wrong, and where in the expression. */
function withPlace(error: unknown, expression: string): string {
  const message = String((error as Error).message)
  const [place] = error instanceof ApiError ? error.problems : []
  if (!place) return message
  const at = expression.slice(place.offset, place.offset + Math.max(1, place.length)).trim()
  const where = at === '' ? 'at the end' : `at "${at.slice(0, 40)}", character ${place.offset + 1}`
  const hints = [...(place.suggestions ?? []), ...(place.expected ?? [])].slice(0, 5)
  return `${message.replace(/[.]$/, '')} (${where})${hints.length > 0 ? `; expected: ${hints.join(', ')}` : ''}.`
}

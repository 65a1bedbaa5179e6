import { useState } from 'preact/hooks'
import type { EntityHealth } from '../../../src/wire/health.js'
import { commandsOf, order } from '../api/health.js'
import { DEFAULT_VIEW, viewToSearch } from '../state/view.js'

const LABELS: Readonly<Record<string, string>> = {
  start: 'Start',
  stop: 'Stop',
  restart: 'Restart',
  rollingRestart: 'Rolling restart',
  refresh: 'Refresh',
  Refresh: 'Refresh',
  deployClientConfig: 'Deploy client configuration',
}
const COMMANDS = viewToSearch({ ...DEFAULT_VIEW, page: 'commands' })

/** Choosing and running are two steps: nothing is stopped by a slip. */
export function CommandForm({ entity }: { entity: EntityHealth }) {
  const [command, setCommand] = useState('')
  const [said, setSaid] = useState('')
  const [begun, setBegun] = useState(false)
  const run = (event: Event) => {
    event.preventDefault()
    setSaid('')
    setBegun(false)
    order(entity, command).then(
      () => {
        setBegun(true)
        setCommand('')
      },
      (error: Error) => setSaid(error.message),
    )
  }
  return (
    <form class="command-form" aria-label="Command" onSubmit={run}>
      <select
        class="button"
        aria-label="Command to run"
        required
        value={command}
        onChange={(event) => setCommand(event.currentTarget.value)}
      >
        <option value="">Command…</option>
        {commandsOf(entity).map((each) => (
          <option key={each} value={each}>
            {LABELS[each]}
          </option>
        ))}
      </select>{' '}
      <button type="submit" class="button" disabled={command === ''}>
        Run
      </button>{' '}
      {begun && (
        <span role="status">
          It has begun: <a href={COMMANDS}>Commands</a>
        </span>
      )}
      {said && <span role="alert">{said}</span>}
    </form>
  )
}

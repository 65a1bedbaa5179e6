import { useEffect, useState } from 'preact/hooks'
import {
  abortCommand,
  type Command,
  fetchCommand,
  type GivenCommand,
  logAddress,
  placeOf,
  progressOf,
  retryCommand,
} from '../api/commands.js'
import { formatDuration, formatInstant } from '../format/time.js'

interface CommandTableProps {
  readonly commands: readonly GivenCommand[]
  readonly utc: boolean
  readonly onChanged: () => void
}

/** Commands, the newest first; the steps of one open with a click. */
export function CommandTable({ commands, utc, onChanged }: CommandTableProps) {
  return (
    <table class="data commands" aria-label="Commands">
      <tbody>
        {commands.map((given) => (
          <Row key={given.command.id} given={given} utc={utc} onChanged={onChanged} />
        ))}
      </tbody>
    </table>
  )
}

interface RowProps {
  readonly given: GivenCommand
  readonly utc: boolean
  readonly onChanged: () => void
}

function Row({ given: { username, command }, utc, onChanged }: RowProps) {
  const [open, setOpen] = useState(false)
  const [whole, setWhole] = useState<Command | null>(null)
  const [failure, setFailure] = useState('')
  const shown = command.active ? command : (whole ?? command)
  useEffect(() => {
    // One that has ended stays as it is: its steps are asked for once.
    if (open && !command.active)
      fetchCommand(command.id).then(setWhole, (error: Error) => setFailure(error.message))
  }, [open, command.active, command.id])
  const settle = (work: Promise<unknown>) => {
    setFailure('')
    work.then(onChanged, (error: Error) => setFailure(error.message))
  }
  return (
    <tr>
      <td class="nowrap">{formatInstant(Math.floor(Date.parse(command.startTime) / 1000) * 1000, utc)}</td>
      <td class="nowrap">
        <State command={command} />
      </td>
      <td>
        <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>
            <strong>{command.name}</strong> {placeOf(command)}{' '}
            <span class="dim">
              by {username}, {lastedText(command)}
            </span>
          </summary>
          <Steps command={shown} />
          <p>
            What its programs printed: <a href={logAddress(command.id, 'stdout')}>output</a>,{' '}
            <a href={logAddress(command.id, 'stderr')}>errors</a>
          </p>
        </details>
        {!command.active && command.success === false && <span>{command.resultMessage}</span>}
        {failure && <p role="alert">{failure}</p>}
      </td>
      <td>
        {command.active && (
          <button type="button" class="button" onClick={() => settle(abortCommand(command.id))}>
            Abort
          </button>
        )}
        {command.canRetry && (
          <button type="button" class="button" onClick={() => settle(retryCommand(command.id))}>
            Retry
          </button>
        )}
      </td>
    </tr>
  )
}

function State({ command }: { command: Command }) {
  if (!command.active)
    return (
      <span class={`mark ${command.success ? 'good' : 'bad'}`}>
        {command.success ? 'succeeded' : 'failed'}
      </span>
    )
  const { done, all } = progressOf(command)
  return (
    <>
      <progress max={all} value={done} aria-label={`Steps of ${command.name}`} />{' '}
      <span class="dim">
        {done} of {all}
      </span>
    </>
  )
}

function Steps({ command }: { command: Command }) {
  if (!command.children) return null
  return (
    <ul class="steps">
      {command.children.items.map((step) => (
        <li key={step.id}>
          <span class={step.active ? 'dim' : `mark ${step.success ? 'good' : 'bad'}`}>
            {step.active ? 'to do' : step.success ? 'done' : 'failed'}
          </span>{' '}
          {step.name} {step.roleRef?.roleName ?? step.serviceRef?.serviceName ?? ''}{' '}
          {step.hostRef && <span class="dim">on {step.hostRef.hostname ?? step.hostRef.hostId}</span>}{' '}
          <span class="dim">{step.children ? '' : (step.resultMessage ?? '')}</span>
          <Steps command={step} />
        </li>
      ))}
    </ul>
  )
}

function lastedText({ startTime, endTime }: Command): string {
  if (!endTime) return 'at work'
  return formatDuration(Math.max(0, Date.parse(endTime) - Date.parse(startTime)))
}

import { useRef, useState } from 'preact/hooks'
import { type Configuration, fetchConfiguration, saveConfiguration } from '../api/configuration.js'
import { ParameterTable } from '../components/parameter-table.js'
import { StalenessCard } from '../components/staleness.js'
import { usePolled } from '../state/use-polled.js'
import { NeedsLogin, needsLogin } from './needs-login.js'
import { PolledPage } from './polled-page.js'

const STEP_MS = 15_000

interface ConfigurationPageProps {
  /** `CATEGORY/identity`. */
  readonly entity: string
  readonly utc: boolean
  readonly hidden: boolean
}

/** What is configured of a cluster, service, role config group, role or host; to look at and to change. */
export function ConfigurationPage(props: ConfigurationPageProps) {
  if (props.entity !== '') return <OfEntity {...props} />
  return (
    <main>
      <h1>Configuration</h1>
      <p>
        Of what? Choose a cluster, service, role or host on the page <a href="?page=health">Health</a>, and
        there <i>Configuration</i>.
      </p>
    </main>
  )
}

function OfEntity({ entity, utc, hidden }: ConfigurationPageProps) {
  const [group, setGroup] = useState('')
  const [text, setText] = useState('')
  const [onlySet, setOnlySet] = useState(false)
  const [changes, setChanges] = useState<ReadonlyMap<string, string | null>>(new Map())
  const [reason, setReason] = useState('')
  const [said, setSaid] = useState('')
  const load = useRef((signal: AbortSignal) => fetchConfiguration(entity, group, signal))
  load.current = (signal) => fetchConfiguration(entity, group, signal)
  const poll = usePolled((signal) => load.current(signal), [entity, group], STEP_MS, hidden)
  const change = (name: string, value: string | null | undefined) => {
    const next = new Map(changes)
    if (value === undefined) next.delete(name)
    else next.set(name, value)
    setChanges(next)
  }
  const choose = (name: string) => {
    setGroup(name)
    setChanges(new Map())
    setSaid('')
  }
  const save = (of: Configuration) => (event: Event) => {
    event.preventDefault()
    setSaid('')
    saveConfiguration(of.entity, group, changes, reason.trim()).then(
      () => {
        setChanges(new Map())
        setReason('')
        setSaid('It is saved.')
        poll.run()
      },
      (error: Error) => setSaid(error.message),
    )
  }
  const nobody = needsLogin(poll)
  return (
    <PolledPage
      poll={nobody ? { ...poll, error: null } : poll}
      utc={utc}
      title="Configuration"
      aside={
        poll.value && (
          <span class="dim">
            {poll.value.entity.category.toLowerCase()} {poll.value.entity.displayName}
          </span>
        )
      }
      controls={nobody && <NeedsLogin what="Configuration is" />}
      waiting={nobody ? '' : 'Asking…'}
    >
      {(value) => (
        <>
          {value.staleness && <StalenessCard of={value.staleness} />}
          <form class="card configuration" aria-label="Configuration" onSubmit={save(value)}>
            <div class="configuration-head">
              {value.groups.length > 0 && (
                <label>
                  Of{' '}
                  <select
                    class="button"
                    value={group}
                    onChange={(event) => choose(event.currentTarget.value)}
                  >
                    <option value="">the service</option>
                    {value.groups.map(({ name, displayName }) => (
                      <option key={name} value={name}>
                        {displayName ?? name}
                      </option>
                    ))}
                  </select>
                </label>
              )}
              <label>
                Find{' '}
                <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
              </label>
              <label class="check">
                <input
                  type="checkbox"
                  checked={onlySet}
                  onChange={(event) => setOnlySet(event.currentTarget.checked)}
                />{' '}
                Only what is set here
              </label>
              <label>
                Why{' '}
                <input type="text" value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
              </label>
              <button type="submit" class="button primary" disabled={changes.size === 0}>
                {changes.size === 0 ? 'Save' : `Save ${changes.size}`}
              </button>
              {said && <span role="alert">{said}</span>}
            </div>
            <ParameterTable
              parameters={value.parameters.filter(
                ({ name, displayName, own }) =>
                  changes.has(name) ||
                  ((!onlySet || own !== undefined) &&
                    `${name} ${displayName}`.toLowerCase().includes(text.trim().toLowerCase())),
              )}
              changes={changes}
              onChange={change}
            />
          </form>
        </>
      )}
    </PolledPage>
  )
}

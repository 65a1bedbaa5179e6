import { useEffect, useState } from 'preact/hooks'
import type { EntityHealth } from '../../../src/wire/health.js'
import {
  fetchTriggers,
  isOn,
  saveTriggers,
  type TriggerDefinition,
  type TriggerList,
} from '../api/triggers.js'
import { TriggerForm } from './trigger-form.js'

interface TriggersProps {
  readonly entity: EntityHealth
  readonly utc: boolean
  readonly onSaved: () => void
}

/** Levels that the entity's own list takes the place of. */
const INHERITED: Record<string, string> = {
  ROLE_CONFIG_GROUP: 'role config group',
  ALL_HOSTS: 'all hosts',
  ALL_CLUSTERS: 'all clusters',
}

/** The triggers of an entity: changed, switched off, deleted; and a form for another one. */
export function Triggers({ entity, utc, onSaved }: TriggersProps) {
  const [list, setList] = useState<TriggerList | null>(null)
  const [edited, setEdited] = useState<TriggerDefinition | null>(null)
  const [message, setMessage] = useState('')
  const [busy, setBusy] = useState(false)
  const fail = (error: unknown) => setMessage(String((error as Error).message))
  const load = () => fetchTriggers(entity).then(setList, fail)
  useEffect(() => void load(), [])
  const triggers = list?.triggers ?? []
  const inherited = list && INHERITED[list.level]

  const save = async (next: readonly TriggerDefinition[] | null, done: string) => {
    setBusy(true)
    setMessage('')
    try {
      await saveTriggers(entity, next)
      setMessage(done)
      await load()
      onSaved()
    } finally {
      setBusy(false)
    }
  }
  const change = (next: readonly TriggerDefinition[] | null, done: string) => save(next, done).catch(fail)
  const put = (trigger: TriggerDefinition) => {
    const replaced = edited?.triggerName ?? trigger.triggerName
    const others = triggers.filter(
      ({ triggerName }) => triggerName !== replaced && triggerName !== trigger.triggerName,
    )
    return save([...others, trigger], 'Saved. It is evaluated within a minute.').then(() => setEdited(null))
  }

  return (
    <>
      <h3>Triggers</h3>
      {inherited && triggers.length > 0 && (
        <p class="dim">
          From {inherited} {list.name}. What is changed here is set for this {entity.category.toLowerCase()}{' '}
          alone.
        </p>
      )}
      {list && triggers.length === 0 && <p class="dim">There are none.</p>}
      {triggers.length > 0 && (
        <table class="data" aria-label="Triggers">
          <tbody>
            {triggers.map((trigger) => {
              const { triggerName, triggerExpression } = trigger
              const others = triggers.filter((each) => each !== trigger)
              const on = isOn(trigger)
              return (
                <tr key={triggerName} class={on ? '' : 'dim'}>
                  <td class="name">
                    <strong>{triggerName}</strong>
                    {!on && ' (off)'}
                  </td>
                  <td>
                    <code>{triggerExpression}</code>
                  </td>
                  <td class="nowrap">
                    <button type="button" class="button" disabled={busy} onClick={() => setEdited(trigger)}>
                      Edit
                    </button>{' '}
                    <button
                      type="button"
                      class="button"
                      disabled={busy}
                      onClick={() =>
                        change(
                          triggers.map((each) => (each === trigger ? { ...each, enabled: !on } : each)),
                          on ? 'Switched off.' : 'Switched on.',
                        )
                      }
                    >
                      {on ? 'Switch off' : 'Switch on'}
                    </button>{' '}
                    <button
                      type="button"
                      class="button"
                      disabled={busy}
                      onClick={() =>
                        change(others.length === 0 && !inherited && !list?.covers ? null : others, 'Deleted.')
                      }
                    >
                      Delete
                    </button>
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
      {message && <p role="status">{message}</p>}
      {list && (
        <TriggerForm
          key={edited?.triggerName ?? ''}
          entity={entity}
          trigger={edited}
          utc={utc}
          onSave={put}
          onCancel={() => setEdited(null)}
        />
      )}
    </>
  )
}

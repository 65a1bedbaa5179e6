import type { Parameter } from '../api/configuration.js'

interface ParameterTableProps {
  readonly parameters: readonly Parameter[]
  /** Not saved yet; null: the own value is to be taken away. */
  readonly changes: ReadonlyMap<string, string | null>
  readonly onChange: (name: string, value: string | null | undefined) => void
}

/** What can be set here: the value that holds, where it comes from, what is wrong with it, and a box to set another one. */
export function ParameterTable({ parameters, changes, onChange }: ParameterTableProps) {
  return (
    <table class="data parameters" aria-label="Parameters">
      <tbody>
        {parameters.map((parameter) => (
          <Row
            key={parameter.name}
            parameter={parameter}
            change={changes.get(parameter.name)}
            onChange={(value) => onChange(parameter.name, value)}
          />
        ))}
      </tbody>
    </table>
  )
}

interface RowProps {
  readonly parameter: Parameter
  readonly change: string | null | undefined
  readonly onChange: (value: string | null | undefined) => void
}

function Row({ parameter, change, onChange }: RowProps) {
  const { name, displayName, description, own, value, source, sensitive, problem, state } = parameter
  const set = change === undefined ? own : (change ?? undefined)
  const type = (text: string) => onChange(text === (own ?? '') ? undefined : text)
  const box = {
    'aria-label': displayName,
    value: set ?? '',
    placeholder: set === undefined ? (value ?? '') : '',
    spellcheck: false,
    autocomplete: 'off',
  } as const
  const isLong = name.endsWith('safety_valve') || (value ?? '').includes('\n')
  return (
    <tr class={change === undefined ? '' : 'changed'}>
      <td>
        <strong>{displayName}</strong> <code class="dim">{name}</code>
        {description && <p class="dim">{description}</p>}
      </td>
      <td>
        {isLong ? (
          <textarea {...box} rows={3} onInput={(event) => type(event.currentTarget.value)} />
        ) : (
          <input
            {...box}
            type={sensitive ? 'password' : 'text'}
            onInput={(event) => type(event.currentTarget.value)}
          />
        )}
        {problem && (
          <p class={`mark ${state === 'ERROR' ? 'bad' : 'concerning'}`}>
            {state.toLowerCase()}: {problem}
          </p>
        )}
      </td>
      <td class="nowrap">
        <span class="dim">
          {change === undefined
            ? own === undefined
              ? `from ${source}`
              : 'set here'
            : change === null
              ? 'to be taken away'
              : 'not saved'}{' '}
        </span>
        {change !== undefined ? (
          <button type="button" class="button" onClick={() => onChange(undefined)}>
            Undo
          </button>
        ) : (
          own !== undefined && (
            <button
              type="button"
              class="button"
              title="Take the value that is set here away"
              onClick={() => onChange(null)}
            >
              Reset
            </button>
          )
        )}
      </td>
    </tr>
  )
}

import { useState } from 'preact/hooks'
import { useHostSearch } from '../query/use-host-search.js'

interface HostSearchProps {
  /** How many hosts are known to be there; there are more. */
  readonly known: number
  readonly chosen: string | null
  readonly onHost: (host: string | null) => void
}

/** Chooses one of so many hosts that they cannot be listed: by a part of its name. */
export function HostSearch({ known, chosen, onHost }: HostSearchProps) {
  const [text, setText] = useState('')
  const [selected, setSelected] = useState(0)
  const { found, search, close } = useHostSearch()
  const hosts = found?.hosts ?? []

  const take = (id: string | undefined) => {
    if (id === undefined) return
    setText('')
    close()
    onHost(id)
  }
  const type = (value: string) => {
    setText(value)
    setSelected(0)
    search(value)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 }
    const step = steps[event.key]
    if (event.key === 'Escape') close()
    else if (event.key === 'Enter') take(hosts[selected]?.id)
    else if (step !== undefined && hosts.length > 0)
      setSelected((selected + step + hosts.length) % hosts.length)
    else return
    event.preventDefault()
  }

  return (
    <div class="host-picker host-search">
      <label class="dim" for="host-search">
        Host
      </label>
      <input
        id="host-search"
        class="button"
        type="search"
        role="combobox"
        autocomplete="off"
        spellcheck={false}
        placeholder={`Search (more than ${known})`}
        value={text}
        aria-autocomplete="list"
        aria-expanded={found !== null}
        aria-controls="host-search-list"
        aria-activedescendant={hosts.length > 0 ? `host-search-${selected}` : undefined}
        onInput={(event) => type(event.currentTarget.value)}
        onFocus={() => search(text)}
        onBlur={close}
        onKeyDown={onKeyDown}
      />
      {found && (
        <div
          class="completions"
          id="host-search-list"
          role="listbox"
          aria-label="Hosts"
          onMouseDown={(event) => event.preventDefault()}
        >
          {hosts.map(({ id, name }, i) => (
            <div
              key={id}
              id={`host-search-${i}`}
              role="option"
              tabIndex={-1}
              aria-selected={i === selected}
              onMouseMove={() => setSelected(i)}
              onClick={() => take(id)}
              onKeyDown={onKeyDown}
            >
              {name}
            </div>
          ))}
          {hosts.length === 0 && <p class="dim host-search-note">No host has this in its name.</p>}
          {found.more && <p class="dim host-search-note">There are more: type more of the name.</p>}
        </div>
      )}
      {chosen !== null && (
        <button type="button" class="button" onClick={() => onHost(null)}>
          All hosts
        </button>
      )}
    </div>
  )
}

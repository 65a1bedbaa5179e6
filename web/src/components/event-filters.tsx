import { useEffect, useState } from 'preact/hooks'
import type { EventFilter, EventFilterField } from '../query/event-filter.js'

const CATEGORIES: readonly [value: string, label: string][] = [
  ['', 'All kinds'],
  ['HEALTH_EVENT', 'Health'],
  ['LOG_EVENT', 'Log'],
  ['AUDIT_EVENT', 'Audit'],
  ['ACTIVITY_EVENT', 'Activity'],
  ['SYSTEM', 'System'],
]
const SEVERITIES: readonly [value: string, label: string][] = [
  ['', 'All severities'],
  ['CRITICAL', 'Critical'],
  ['CRITICAL IMPORTANT', 'Important and critical'],
]
const NAMES: readonly [field: EventFilterField, label: string][] = [
  ['cluster', 'Cluster'],
  ['service', 'Service'],
  ['role', 'Role'],
  ['host', 'Host'],
]

interface EventFiltersProps {
  readonly filter: EventFilter
  readonly onFilter: (filter: EventFilter) => void
}

/** What the events are filtered by: choices hold at once, texts with Enter or when they are left. */
export function EventFilters({ filter, onFilter }: EventFiltersProps) {
  const [texts, setTexts] = useState<EventFilter>(filter)
  useEffect(() => setTexts(filter), [filter])
  const apply = (change: EventFilter) => onFilter({ ...filter, ...texts, ...change })
  const isSame = (field: EventFilterField) => (texts[field] ?? '') === (filter[field] ?? '')
  const text = (field: EventFilterField, label: string, placeholder = '') => (
    <label>
      <span>{label}</span>
      <input
        type="search"
        name={field}
        value={texts[field] ?? ''}
        placeholder={placeholder}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => setTexts({ ...texts, [field]: event.currentTarget.value })}
        onBlur={() => !isSame(field) && apply({})}
      />
    </label>
  )
  const choice = (field: EventFilterField, label: string, values: typeof CATEGORIES) => (
    <label>
      <span>{label}</span>
      <select
        class="button"
        value={filter[field] ?? ''}
        onChange={(event) => apply({ [field]: event.currentTarget.value })}
      >
        {values.map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    </label>
  )
  return (
    <form
      class="card event-filters"
      aria-label="Filter"
      onSubmit={(event) => {
        event.preventDefault()
        apply({})
      }}
    >
      {text('text', 'Text', 'disk "read error"')}
      {choice('category', 'Kind', CATEGORIES)}
      {choice('severity', 'Severity', SEVERITIES)}
      {NAMES.map(([field, label]) => text(field, label))}
      <label class="check">
        <input
          type="checkbox"
          checked={Boolean(filter.alert)}
          onChange={(event) => apply({ alert: event.currentTarget.checked ? 'yes' : '' })}
        />
        <span>Alerts only</span>
      </label>
      <button type="submit" class="button">
        Find
      </button>
    </form>
  )
}

import { useState } from 'preact/hooks'
import { serverNow } from '../api/clock.js'
import { formatInstant, formatInterval } from '../format/time.js'
import { isRelative, rangeFromInput, resolveRange, TIME_PICKS, type TimeRange } from '../state/time.js'
import { Popover } from './popover.js'

interface TimePickerProps {
  readonly range: TimeRange
  readonly utc: boolean
  readonly onRange: (range: TimeRange) => void
}

/** Picks a range: one of the usual ones, or two ends as text. */
export function TimePicker({ range, utc, onRange }: TimePickerProps) {
  return (
    <Popover label={<>{rangeText(range, utc)} ▾</>} name="Time range" class="time-picker" align="right">
      {(close) => (
        <Panel
          range={range}
          utc={utc}
          onRange={(next) => {
            onRange(next)
            close()
          }}
        />
      )}
    </Popover>
  )
}

/** `Last 30 minutes`, or the two ends. */
export function rangeText(range: TimeRange, utc: boolean): string {
  const known = TIME_PICKS.find((pick) => pick.range.from === range.from && pick.range.to === range.to)
  if (known) return `Last ${known.label}`
  if (isRelative(range.from) || isRelative(range.to)) return `${range.from} – ${range.to}`
  const interval = resolveRange(range, serverNow())
  return interval ? formatInterval(interval.from, interval.to, utc) : `${range.from} – ${range.to}`
}

function Panel({ range, utc, onRange }: TimePickerProps) {
  const written = (text: string) => (isRelative(text) ? text : formatInstant(Date.parse(text), utc))
  const [from, setFrom] = useState(written(range.from))
  const [to, setTo] = useState(written(range.to))
  const [wrong, setWrong] = useState<{ end: 'from' | 'to'; message: string } | null>(null)

  const apply = (event: Event) => {
    event.preventDefault()
    const read = rangeFromInput(from, to, serverNow(), utc)
    if ('range' in read) onRange(read.range)
    else setWrong(read)
  }
  const field = (end: 'from' | 'to', label: string, value: string, set: (text: string) => void) => (
    <label>
      <span>{label}</span>
      <input
        type="text"
        name={end}
        value={value}
        spellcheck={false}
        autocomplete="off"
        aria-invalid={wrong?.end === end}
        aria-describedby={wrong?.end === end ? 'range-problem' : undefined}
        onInput={(event) => {
          set(event.currentTarget.value)
          setWrong(null)
        }}
      />
    </label>
  )
  return (
    <div class="time-panel">
      <ul class="picks" aria-label="Usual ranges">
        {TIME_PICKS.map((pick) => (
          <li key={pick.label}>
            <button
              type="button"
              aria-pressed={pick.range.from === range.from && pick.range.to === range.to}
              onClick={() => onRange(pick.range)}
            >
              {pick.label}
            </button>
          </li>
        ))}
      </ul>
      <form onSubmit={apply}>
        {field('from', 'From', from, setFrom)}
        {field('to', 'To', to, setTo)}
        {wrong && (
          <p class="problem" id="range-problem" role="alert">
            {wrong.message}
          </p>
        )}
        <button type="submit" class="button primary">
          Apply
        </button>
        <p class="dim">
          {utc ? 'UTC' : 'Local time'}. Also <code>now-6h</code>, <code>now-1d12h</code>.
        </p>
      </form>
    </div>
  )
}

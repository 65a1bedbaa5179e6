import { serverNow } from '../api/clock.js'
import { formatDuration } from '../format/time.js'
import { isLive, REFRESH_STEPS, resolveRange, shiftRange, type TimeRange, zoomOut } from '../state/time.js'
import { TimePicker } from './time-picker.js'

/** Why the page does or does not refresh. */
export type Liveness = 'live' | 'held' | 'paused' | 'hidden' | 'zoomed' | 'fixed' | 'away'

interface TimeControlsProps {
  readonly range: TimeRange
  readonly utc: boolean
  readonly refresh: number
  readonly liveness: Liveness
  readonly loading: boolean
  readonly onRange: (range: TimeRange) => void
  readonly onRefresh: (seconds: number) => void
  readonly onChip: () => void
  readonly onRun: () => void
}

const CHIP: Record<Liveness, { text: string; title: string }> = {
  live: { text: 'Live', title: 'New data is shown as it comes. Click to pause (p).' },
  held: { text: 'Paused', title: 'Waiting while the pointer is on a chart; goes on by itself.' },
  hidden: { text: 'Paused', title: 'Waiting while this tab is in the background.' },
  paused: { text: 'Paused', title: 'Refresh is off. Click to go on (p).' },
  zoomed: {
    text: 'Paused',
    title: 'Zoomed in. Click to go back to now (double click on a chart does the same).',
  },
  fixed: { text: 'Paused', title: 'The range does not end now. Click to go back to now.' },
  away: { text: 'No answer', title: 'The server does not answer; trying again.' },
}

/** Range, steps through time, refresh, and the chip that says whether the page is live. */
export function TimeControls(props: TimeControlsProps) {
  const { range, refresh, liveness } = props
  const interval = resolveRange(range, serverNow())
  const chip = CHIP[liveness]
  const move = (part: number) => interval && props.onRange(shiftRange(interval, part))
  return (
    <fieldset class="group time" aria-label="Time">
      <button type="button" class={`chip ${liveness}`} onClick={props.onChip} title={chip.title}>
        <span class="dot" aria-hidden="true" />
        {chip.text}
      </button>
      <button
        type="button"
        class="button"
        onClick={() => move(-0.5)}
        aria-label="Earlier"
        title="Earlier ( [ )"
      >
        ‹
      </button>
      <TimePicker range={range} utc={props.utc} onRange={props.onRange} />
      <button
        type="button"
        class="button"
        onClick={() => move(0.5)}
        disabled={isLive(range)}
        aria-label="Later"
        title="Later ( ] )"
      >
        ›
      </button>
      <button
        type="button"
        class="button wide"
        onClick={() => interval && props.onRange(zoomOut(interval, serverNow()))}
        aria-label="Zoom out"
        title="Zoom out (-)"
      >
        −
      </button>
      <button
        type="button"
        class={`button wide${props.loading ? ' busy' : ''}`}
        onClick={props.onRun}
        aria-label="Refresh now"
        title="Refresh now (r)"
      >
        ⟳
      </button>
      <select
        class="button"
        aria-label="Refresh every"
        title="Refresh every"
        value={String(refresh)}
        onChange={(event) => props.onRefresh(Number(event.currentTarget.value))}
      >
        {REFRESH_STEPS.map((seconds) => (
          <option key={seconds} value={String(seconds)}>
            {seconds === 0 ? 'off' : formatDuration(seconds * 1000)}
          </option>
        ))}
      </select>
    </fieldset>
  )
}

import type { LevelState, RetentionAnswer } from '../../../src/wire/retention.js'
import { fetchRetention } from '../api/retention.js'
import { formatDuration, formatInstant } from '../format/time.js'
import { formatCount, formatValue, PLAIN, type Unit } from '../format/units.js'
import { usePolled } from '../state/use-polled.js'

const STEP_MS = 60_000
const BYTES: Unit = { ...PLAIN, kind: 'bytes' }
const COLUMNS = ['Rows', 'On disk', 'Oldest', 'Kept for', 'At most', 'Behind']

/** How much there is of each level, how long it is kept, and how full the disk is; nothing while nobody says. */
export function Storage({ utc, hidden }: { utc: boolean; hidden: boolean }) {
  const { value } = usePolled(fetchRetention, [], STEP_MS, hidden)
  return value && <Levels answer={value} utc={utc} />
}

function Levels({ answer: { levels, disk, minFreeShare }, utc }: { answer: RetentionAnswer; utc: boolean }) {
  return (
    <section class="card table-box storage">
      <h2>Storage</h2>
      <table class="data" aria-label="Storage">
        <thead>
          <tr>
            <th scope="col">Level</th>
            {COLUMNS.map((column) => (
              <th key={column} scope="col" class="number">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {levels.map((level) => (
            <Level key={level.level} level={level} utc={utc} />
          ))}
        </tbody>
      </table>
      <p class="dim">
        {formatValue(disk.freeBytes, BYTES)} of {formatValue(disk.totalBytes, BYTES)} of the disk are free;
        below {formatValue(minFreeShare * disk.totalBytes, BYTES)} the oldest samples go early. Changed by{' '}
        <code>PUT /api/v45/timeseries/retention</code>.
      </p>
    </section>
  )
}

function Level({ level, utc }: { level: LevelState; utc: boolean }) {
  const { keepSeconds, maxBytes, oldest, lagSeconds } = level
  return (
    <tr>
      <td>{level.level}</td>
      <td class="number">{formatCount(level.rows)}</td>
      <td class="number">{formatValue(level.bytes, BYTES)}</td>
      <td class="number">{oldest === null ? '–' : formatInstant(Date.parse(oldest), utc)}</td>
      <td class="number">{keepSeconds === null ? 'ever' : formatDuration(keepSeconds * 1000)}</td>
      <td class="number">{maxBytes === null ? '–' : formatValue(maxBytes, BYTES)}</td>
      <td class="number">
        {lagSeconds === null || lagSeconds === 0 ? '–' : formatDuration(lagSeconds * 1000)}
      </td>
    </tr>
  )
}

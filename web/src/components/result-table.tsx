import { useMemo, useState } from 'preact/hooks'
import { labelStreams } from '../chart/labels.js'
import type { Stream } from '../chart/stream.js'
import { pointRows, type Summary, type SummaryColumn, sortSummaries, summarize } from '../chart/tables.js'
import { formatInstant } from '../format/time.js'
import { formatCount, formatValue, unitOf } from '../format/units.js'

const COLUMNS: readonly { column: SummaryColumn; title: string }[] = [
  { column: 'label', title: 'Line' },
  { column: 'last', title: 'Last' },
  { column: 'min', title: 'Min' },
  { column: 'mean', title: 'Mean' },
  { column: 'max', title: 'Max' },
  { column: 'points', title: 'Points' },
]

/** One row a stream, sorted by any column. */
export function SummaryTable({ streams }: { streams: readonly Stream[] }) {
  const [sort, setSort] = useState<{ column: SummaryColumn; down: boolean }>({ column: 'label', down: false })
  const summaries = useMemo(() => summarize(streams), [streams])
  const rows = sortSummaries(summaries, sort.column, sort.down)
  return (
    <div class="table-box card">
      <table class="data">
        <thead>
          <tr>
            {COLUMNS.map(({ column, title }) => (
              <th
                key={column}
                scope="col"
                class={column === 'label' ? '' : 'number'}
                aria-sort={sort.column === column ? (sort.down ? 'descending' : 'ascending') : undefined}
              >
                <button
                  type="button"
                  onClick={() =>
                    setSort({ column, down: sort.column === column ? !sort.down : column !== 'label' })
                  }
                >
                  {title} {sort.column === column ? (sort.down ? '▾' : '▴') : ''}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <SummaryRow key={row.stream.key} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function SummaryRow({ row }: { row: Summary }) {
  const { unitNumerators, unitDenominators } = row.stream.data.metadata
  const unit = unitOf(unitNumerators, unitDenominators)
  return (
    <tr>
      <th scope="row" title={row.stream.data.metadata.expression}>
        {row.label}
      </th>
      {[row.last, row.min, row.mean, row.max].map((value, i) => (
        <td key={i} class="number">
          {formatValue(value, unit)}
        </td>
      ))}
      <td class="number">{formatCount(row.points)}</td>
    </tr>
  )
}

const MOST_ROWS = 1000

/** One row a point, newest first. */
export function PointsTable({ streams, utc }: { streams: readonly Stream[]; utc: boolean }) {
  const { rows, total } = useMemo(() => pointRows(streams, MOST_ROWS), [streams])
  const labels = useMemo(() => labelStreams(streams), [streams])
  return (
    <div class="table-box card">
      <table class="data">
        <thead>
          <tr>
            <th scope="col">Time, {utc ? 'UTC' : 'local'}</th>
            <th scope="col">Line</th>
            <th scope="col" class="number">
              Value
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ stream, time, value }) => (
            <tr key={`${stream}.${time}`}>
              <td class="nowrap">{formatInstant(time, utc)}</td>
              <th scope="row">{labels[stream]}</th>
              <td class="number">{String(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {total > rows.length && (
        <p class="dim">
          The newest {formatCount(rows.length)} of {formatCount(total)} points; CSV and JSON have all of them.
        </p>
      )}
    </div>
  )
}

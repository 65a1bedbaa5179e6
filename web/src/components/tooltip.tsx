import { useContext } from 'preact/hooks'
import { lineColor } from '../chart/colors.js'
import type { ChartModel } from '../chart/model.js'
import type { Hover } from '../chart/plot.js'
import { readoutAt } from '../chart/readout.js'
import { formatInstant } from '../format/time.js'
import { formatValue } from '../format/units.js'
import { ChartPageContext } from './chart-context.js'

const MOST_ROWS = 12
const AXIS_WIDTH = 58
const OFFSET = 14

interface TooltipProps {
  readonly hover: Hover
  readonly model: ChartModel
  readonly shown: readonly boolean[]
  readonly width: number
}

/** Time and values under the pointer, largest first. It stands beside the pointer, on the side that has room. */
export function Tooltip({ hover, model, shown, width }: TooltipProps) {
  const page = useContext(ChartPageContext)
  if (!page) return null
  const readout = readoutAt(model, (line) => hover.rows[line] ?? null, shown, hover.focused, MOST_ROWS)
  if (readout.rows.length === 0) return null
  const at = timeOfRow(hover, model, readout.rows[0]?.line ?? 0)
  const range = rangeAt(hover, model)
  const x = hover.left + AXIS_WIDTH
  const side = x < width / 2 ? { left: `${x + OFFSET}px` } : { right: `${width - x + OFFSET}px` }
  return (
    <div class="tooltip" style={{ ...side, top: `${Math.max(0, hover.top - 24)}px` }} role="status">
      <div class="tooltip-time">{formatInstant(at, page.utc)}</div>
      <table>
        <tbody>
          {readout.rows.map(({ line, value }) => {
            const { key, label, color, unit, mark } = model.lines[line] as ChartModel['lines'][number]
            return (
              <tr key={key} class={hover.focused === line ? 'near' : ''}>
                <td>
                  <span
                    class={mark ? 'swatch mark' : 'swatch'}
                    style={{ backgroundColor: lineColor(page.colors, color) }}
                  />
                </td>
                <td class="name">{label}</td>
                <td class="value">{formatValue(value, unit)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
      {range && (
        <div class="tooltip-more">
          from {range.min} to {range.max}
        </div>
      )}
      {readout.more > 0 && <div class="tooltip-more">and {readout.more} more</div>}
    </div>
  )
}

/** What lies behind a point that stands for several samples. */
function rangeAt({ rows }: Hover, { envelope, lines }: ChartModel): { min: string; max: string } | null {
  const [row] = rows
  const [line] = lines
  if (!envelope || !line || row === null || row === undefined) return null
  return { min: formatValue(envelope.min[row], line.unit), max: formatValue(envelope.max[row], line.unit) }
}

/** The time of the point that is shown, not of the pixel. */
function timeOfRow(hover: Hover, model: ChartModel, line: number): number {
  const row = hover.rows[hover.focused ?? line] ?? hover.rows[line]
  return row === null || row === undefined ? hover.time : (model.joined.times[row] ?? hover.time)
}

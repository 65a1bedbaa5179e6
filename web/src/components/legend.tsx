import { useContext, useMemo } from 'preact/hooks'
import { lineColor } from '../chart/colors.js'
import { isolate, type LegendState, toggle } from '../chart/legend.js'
import { type ChartModel, lastValue } from '../chart/model.js'
import type { Hover } from '../chart/plot.js'
import { valueAt } from '../chart/readout.js'
import { attributesOf } from '../chart/stream.js'
import { formatValue } from '../format/units.js'
import { ChartPageContext } from './chart-context.js'

interface LegendProps {
  readonly model: ChartModel
  readonly shown: readonly boolean[]
  readonly legend: LegendState
  readonly hover: Hover | null
  readonly onLegend: (legend: LegendState) => void
}

/** One button a line: a click shows it alone, with Ctrl hides it. The value is that under the cursor, or the last one. */
export function Legend({ model, shown, legend, hover, onLegend }: LegendProps) {
  const page = useContext(ChartPageContext)
  const keys = model.lines.map((line) => line.key)
  const titles = useMemo(() => model.lines.map((line) => attributesText(line.stream)), [model])
  const choose = (event: MouseEvent | KeyboardEvent, key: string) =>
    onLegend(event.ctrlKey || event.metaKey ? toggle(legend, key, keys) : isolate(legend, key))
  return (
    <ul class="legend" aria-label="Lines">
      {model.lines.map((line, i) => {
        const value = hover ? valueAt(model, i, hover.rows[i] ?? null) : lastValue(line.stream)
        return (
          <li key={line.key}>
            <button
              type="button"
              class={hover?.focused === i ? 'near' : ''}
              aria-pressed={shown[i]}
              title={titles[i]}
              onClick={(event) => choose(event, line.key)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
                event.preventDefault()
                choose(event, line.key)
              }}
            >
              <span
                class={line.mark ? 'swatch mark' : 'swatch'}
                style={{ backgroundColor: page ? lineColor(page.colors, line.color) : undefined }}
              />
              <span class="name">{line.label}</span>
              <span class="value">{formatValue(value, line.unit)}</span>
            </button>
          </li>
        )
      })}
    </ul>
  )
}

const attributesText = (stream: Parameters<typeof attributesOf>[0]) =>
  `${Object.entries(attributesOf(stream))
    .map(([name, value]) => `${name} = ${value}`)
    .join('\n')}\n\nClick: only this line. Ctrl+click: hide or show it.`

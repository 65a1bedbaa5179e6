import type { ComponentChildren } from 'preact'
import { useContext, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { isShown, type LegendState } from '../chart/legend.js'
import { buildModel, type ChartModel, type ChartOptions } from '../chart/model.js'
import { createPlot, type Hover, type Plot } from '../chart/plot.js'
import type { Stream } from '../chart/stream.js'
import { rollupLabel } from '../format/rollup.js'
import { unitLabel } from '../format/units.js'
import type { Interval } from '../state/time.js'
import { ChartPageContext } from './chart-context.js'
import { describeChart } from './describe-chart.js'
import { Legend } from './legend.js'
import { Tooltip } from './tooltip.js'

export interface ChartCardProps {
  readonly id: string
  readonly title: string
  readonly streams: readonly Stream[]
  readonly options: ChartOptions
  readonly interval: Interval
  readonly legend: LegendState
  readonly onLegend: (legend: LegendState) => void
  readonly height: number
  /** The data is old because the server is away. */
  readonly stale: boolean
  /** Said in place of lines when there is no point. */
  readonly empty: string
  /** Links or buttons at the right of the title. */
  readonly actions?: ComponentChildren
}

/** A chart with its title, legend and tooltip. */
export function ChartCard(props: ChartCardProps) {
  const { streams, options, interval, legend, height, stale } = props
  const [hover, setHover] = useState<Hover | null>(null)
  const [width, setWidth] = useState(0)
  const box = useRef<HTMLDivElement>(null)
  const known = useRef(new Map<string, number>())

  const model = useMemo(
    () => buildModel(streams, options, interval, Math.max(width, 300), known.current),
    [streams, options, interval.from, interval.to, width],
  )
  const shown = useMemo(() => model.lines.map((line) => isShown(legend, line.key)), [model, legend])
  const plot = usePlot(box, width, height, model, interval, shown, setHover)

  useEffect(() => {
    const element = box.current
    if (!element) return
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const hasPoints = model.joined.points > 0
  const unit = model.units.map(unitLabel).filter(Boolean).join(', ')
  const rollup = rollupLabel(streams)
  return (
    <section class={`card chart${stale ? ' stale' : ''}`} aria-label={props.title} data-chart={props.id}>
      <header class="card-head">
        <h3 title={props.title}>{props.title}</h3>
        {unit && <span class="unit">{unit}</span>}
        {rollup !== '' && rollup !== 'raw' && <span class="unit">{rollup}</span>}
        <span class="spacer" />
        {props.actions}
      </header>
      <div
        class="plot"
        ref={box}
        style={{ height: `${height}px` }}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys move the cursor of the chart.
        tabIndex={0}
        role="img"
        aria-label={describeChart(props.title, model, shown)}
        onKeyDown={(event) => onKey(event, plot.current)}
        onBlur={() => plot.current?.step(0)}
      >
        {!hasPoints && <p class="plot-empty">{props.empty}</p>}
        {hover?.own && hasPoints && <Tooltip hover={hover} model={model} shown={shown} width={width} />}
      </div>
      <Legend model={model} shown={shown} legend={legend} hover={hover} onLegend={props.onLegend} />
    </section>
  )
}

function onKey(event: KeyboardEvent, plot: Plot | null) {
  const direction = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : null
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (direction !== null) {
    event.preventDefault()
    plot?.step(direction)
  } else if (event.key === 'Escape') plot?.step(0)
}

/** Keeps a plot in step with the card: made anew when lines, axes or colours change, updated otherwise. */
function usePlot(
  box: { readonly current: HTMLDivElement | null },
  width: number,
  height: number,
  model: ChartModel,
  interval: Interval,
  shown: readonly boolean[],
  onHover: (hover: Hover | null) => void,
) {
  const page = useContext(ChartPageContext)
  if (!page) throw new Error('a chart needs a page around it')
  const plot = useRef<Plot | null>(null)
  const latest = useRef({ page, size: { width, height } })
  latest.current = { page, size: { width, height } }
  const { colors, utc, group } = page
  const ready = width > 0
  const shape = JSON.stringify([
    model.options.kind,
    model.units,
    model.envelope !== null,
    model.lines.map((line) => [line.key, line.scale, line.color, line.mark]),
  ])

  useEffect(() => {
    const element = box.current
    if (!ready || !element) return
    let pointed = false
    plot.current = createPlot(element, latest.current.size, model, interval, shown, {
      colors,
      utc,
      group,
      onZoom: (zoomed) => latest.current.page.onZoom(zoomed),
      onReset: () => latest.current.page.onReset(),
      onHover: (hover) => {
        onHover(hover)
        // Only the chart that has the pointer tells: those that follow it come and go with their data.
        const inside = hover?.own ?? false
        if (inside || pointed) latest.current.page.onPointer(inside)
        pointed = inside
      },
    })
    return () => {
      if (pointed) latest.current.page.onPointer(false)
      plot.current?.destroy()
      plot.current = null
      onHover(null)
    }
  }, [shape, colors, utc, group, ready])

  useEffect(() => plot.current?.update(model, interval, shown), [model, interval.from, interval.to, shown])
  useEffect(() => {
    if (width > 0) plot.current?.resize(width, height)
  }, [width, height])
  return plot
}

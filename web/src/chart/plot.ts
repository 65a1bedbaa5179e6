/** One uPlot chart: made, fed, resized and destroyed. Everything around it (title, legend, tooltip) is not here. */

import uPlot from 'uplot'
import { formatTimeTicks, TIME_STEPS } from '../format/time.js'
import { formatTicks, PLAIN, tickSteps, type Unit } from '../format/units.js'
import type { Interval } from '../state/time.js'
import { type ChartColors, lineColor } from './colors.js'
import { createHighlight } from './highlight.js'
import { isolatedPoints } from './isolated.js'
import { axisRange, type ChartModel, drawnColumns, isFlatZero } from './model.js'
import { closeRow } from './readout.js'

export interface Hover {
  /** Milliseconds since the epoch. */
  readonly time: number
  /** Pixels in the plotting area. */
  readonly left: number
  readonly top: number
  /** Row of the table per line. */
  readonly rows: readonly (number | null)[]
  /** The line nearest to the pointer, where one is near. */
  readonly focused: number | null
  /** True in the chart that has the pointer, false in those that follow it. */
  readonly own: boolean
}

export interface PlotSettings {
  readonly colors: ChartColors
  readonly utc: boolean
  /** Charts of the same group share the cursor. */
  readonly group: string
  readonly onZoom: (interval: Interval) => void
  readonly onReset: () => void
  readonly onHover: (hover: Hover | null) => void
}

export interface Plot {
  readonly root: HTMLElement
  /** New data or another choice of lines; the lines themselves must be those the plot was made with. */
  update(model: ChartModel, interval: Interval, shown: readonly boolean[]): void
  resize(width: number, height: number): void
  /** Moves the cursor by keyboard: −1 and 1 to the neighbouring point, 0 clears it. */
  step(direction: -1 | 0 | 1): void
  destroy(): void
}

/** Room for half of the longest label at the time axis' end, e.g. `12:30:00`. */
const HALF_TIME_LABEL = 28
const AXIS_WIDTH = 58
const FOCUS_PIXELS = 24
const NEAR_PIXELS = 40
const CLOSE_PIXELS = 8
const MOST_CURSOR_POINTS = 40

export function createPlot(
  parent: HTMLElement,
  size: { width: number; height: number },
  first: ChartModel,
  firstInterval: Interval,
  firstShown: readonly boolean[],
  settings: PlotSettings,
): Plot {
  let model = first
  let interval = firstInterval
  let shown = firstShown
  let focused: number | null = null
  let own = false
  const { colors, utc } = settings
  const stack = model.options.kind === 'stack'
  const highlights = !stack && model.lines.length > 1
  const font = `11px ${getComputedStyle(parent).fontFamily}`

  const valueAxis = (unit: Unit, scale: string, side: 1 | 3): uPlot.Axis => ({
    scale,
    side,
    size: AXIS_WIDTH,
    font,
    stroke: colors.text,
    space: 32,
    gap: 4,
    incrs: tickSteps(unit),
    values: (_, ticks) =>
      flat.has(scale) ? ticks.map((tick) => (tick === 0 ? '0' : '')) : formatTicks(ticks, unit),
    grid: { show: side === 3, stroke: colors.grid, width: 1 },
    ticks: { show: false },
  })
  /** Scales on which everything is zero. */
  const flat = new Set<string>()
  const range = (_: uPlot, min: number | null, max: number | null, scale: string) => {
    if (isFlatZero(min, max, model.options)) flat.add(scale)
    else flat.delete(scale)
    return axisRange(min, max, model.options)
  }

  // A stack's layers are drawn from the highest to the lowest, each over the one before.
  const order = model.lines.map((_, i) => (stack ? model.lines.length - 1 - i : i))
  const lineOf = (seriesIndex: number) => order[seriesIndex - 1]
  const seriesOf = (line: number) => (stack ? model.lines.length - line : line + 1)

  const series = (): uPlot.Series[] =>
    order.map((i) => {
      const line = model.lines[i] as ChartModel['lines'][number]
      const stroke = lineColor(colors, line.color)
      return {
        label: String(i),
        scale: line.scale,
        stroke,
        width: line.mark ? 1.25 : 1.5,
        ...(line.mark ? { dash: [5, 4] } : {}),
        ...(stack && !line.mark ? { fill: mix(stroke, colors.surface), fillTo: () => 0 } : {}),
        show: shown[i] ?? true,
        points: {
          size: 5,
          width: 1,
          fill: stroke,
          filter: (u, i, all) => (all ? null : isolatedPoints(u.data[i] ?? [])),
        },
      }
    })

  // Dotted, with what lies between them filled.
  const around = model.envelope === null ? null : (model.lines[0] as ChartModel['lines'][number])
  const envelope = (): uPlot.Series[] =>
    around === null
      ? []
      : ['min', 'max'].map((label) => ({
          label,
          scale: around.scale,
          stroke: lineColor(colors, around.color),
          width: 0.75,
          dash: [1, 3],
          points: { show: false },
        }))

  const hoverNow = (u: uPlot): Hover | null => {
    const { left, top, idx, idxs } = u.cursor
    if (left === undefined || top === undefined || left < 0 || idx === null || idx === undefined) return null
    const time = u.posToVal(left, 'x')
    const close = u.posToVal(left + CLOSE_PIXELS, 'x') - time
    const rows = model.lines.map((line, i) => closeRow(model, line, idxs?.[seriesOf(i)], time, close))
    const near = stack && own ? layerAt(u, top, rows) : focused
    return { time, left, top, rows, focused: own ? near : null, own }
  }

  const layerAt = (u: uPlot, top: number, rows: readonly (number | null)[]): number | null => {
    const at = u.posToVal(top, 'y')
    for (let i = 0; i < model.lines.length; i++) {
      const value = u.data[seriesOf(i)]?.[rows[i] ?? -1]
      if (shown[i] && !model.lines[i]?.mark && typeof value === 'number' && value >= at) return i
    }
    return null
  }

  const highlight = createHighlight(colors.surface)
  const [left, right] = model.units
  const options: uPlot.Options = {
    ...size,
    ms: 1,
    focus: { alpha: 1 },
    padding: [8, right ? 0 : HALF_TIME_LABEL, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false, dist: 4 },
      // The nearest line is found here and drawn by the highlight: uPlot would draw all lines anew, dimmed.
      focus: { prox: FOCUS_PIXELS },
      hover: { prox: NEAR_PIXELS },
      points: { size: 7, ...(model.lines.length > MOST_CURSOR_POINTS ? { show: false } : {}) },
      bind: {
        dblclick: () => () => {
          settings.onReset()
          return null
        },
      },
      sync: {
        key: settings.group,
        setSeries: false,
        scales: ['x', null],
        filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' },
      },
    },
    scales: {
      x: { time: true, range: () => [interval.from, interval.to] },
      y: { range },
      ...(right ? { y2: { range } } : {}),
    },
    axes: [
      {
        font,
        stroke: colors.text,
        space: 60,
        incrs: [...TIME_STEPS],
        size: 34,
        gap: 4,
        grid: { stroke: colors.grid, width: 1 },
        ticks: { stroke: colors.grid, width: 1, size: 4 },
        values: (_u, ticks, _axis, _space, step) => formatTimeTicks(ticks, step, utc),
      },
      valueAxis(left ?? PLAIN, 'y', 3),
      ...(right ? [valueAxis(right, 'y2', 1)] : []),
    ],
    series: [{}, ...series(), ...envelope()],
    ...(around === null
      ? {}
      : { bands: [{ series: [3, 2] as [number, number], fill: fade(lineColor(colors, around.color)) }] }),
    tzDate: (time) => (utc ? uPlot.tzDate(new Date(time), 'Etc/UTC') : new Date(time)),
    hooks: {
      setCursor: [(u) => settings.onHover(hoverNow(u))],
      setSeries: [
        (u, index, change) => {
          if (!('focus' in change)) return
          focused = index === null || !change.focus ? null : (lineOf(index) ?? null)
          highlight.show(focused === null || !own || !highlights ? null : seriesOf(focused))
          settings.onHover(hoverNow(u))
        },
      ],
      setSelect: [
        (u) => {
          const { left, width } = u.select
          if (width <= 0) return
          const [from, to] = [u.posToVal(left, 'x'), u.posToVal(left + width, 'x')]
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
          settings.onZoom({ from, to })
        },
      ],
      draw: [() => highlight.redraw()],
      ready: [
        (u) => {
          highlight.attach(u)
          u.over.addEventListener('pointerenter', () => (own = true))
          u.over.addEventListener('pointerleave', () => {
            own = false
            highlight.show(null)
          })
        },
      ],
    },
  }

  const data = () => {
    const columns = drawnColumns(model, shown)
    const { envelope } = model
    const more = envelope ? [envelope.min, envelope.max] : []
    return [model.joined.times, ...order.map((i) => columns[i]), ...more] as uPlot.AlignedData
  }
  const u = new uPlot(options, data(), parent)

  return {
    root: u.root,
    update(nextModel, nextInterval, nextShown) {
      const changed = nextShown.flatMap((show, i) => (show === (shown[i] ?? true) ? [] : [i]))
      model = nextModel
      interval = nextInterval
      shown = nextShown
      u.batch(() => {
        for (const i of changed) u.setSeries(seriesOf(i), { show: shown[i] ?? true })
        u.setData(data(), true)
      })
    },
    resize: (width, height) => u.setSize({ width, height }),
    step(direction) {
      if (direction === 0) {
        own = false
        return u.setCursor({ left: -10, top: -10 })
      }
      const { times } = model.joined
      if (times.length === 0) return
      const at = u.cursor.idx
      const next = at === null || at === undefined ? times.length - 1 : at + direction
      const row = Math.max(0, Math.min(times.length - 1, next))
      own = true
      u.setCursor({ left: u.valToPos(times[row] as number, 'x'), top: u.over.clientHeight / 2 })
    },
    destroy: () => u.destroy(),
  }
}

/** Opaque, so that what lies below a layer of a stack does not show through. */
function mix(color: string, surface: string): string {
  return `color-mix(in srgb, ${color} 55%, ${surface})`
}

const fade = (color: string) => `color-mix(in srgb, ${color} 14%, transparent)`

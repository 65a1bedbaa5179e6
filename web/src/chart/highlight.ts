/** The line under the pointer, in front of the others: a veil over the chart and that line on it, at the cost of one line. */

import type uPlot from 'uplot'

export interface Highlight {
  attach(u: uPlot): void
  /** By uPlot's number of the series; null for none. */
  show(series: number | null): void
  /** After the chart itself was drawn: its size, its lines or its scales may be others now. */
  redraw(): void
}

const VEIL = 0.6

export function createHighlight(surface: string): Highlight {
  const canvas = document.createElement('canvas')
  canvas.className = 'highlight'
  let u: uPlot | null = null
  let shown: number | null = null

  const redraw = () => {
    if (!u) return
    const under = u.ctx.canvas
    // Setting the size clears a canvas.
    canvas.width = shown === null ? 0 : under.width
    canvas.height = shown === null ? 0 : under.height
    if (shown === null) return
    canvas.style.width = under.style.width
    canvas.style.height = under.style.height
    draw(u, shown, canvas.getContext('2d') as CanvasRenderingContext2D, surface)
  }

  return {
    attach(plot) {
      u = plot
      plot.over.before(canvas)
    },
    show(series) {
      if (series === shown) return
      shown = series
      redraw()
    },
    redraw,
  }
}

function draw(u: uPlot, index: number, context: CanvasRenderingContext2D, surface: string) {
  const { left, top, width, height } = u.bbox
  const series = u.series[index]
  if (!series) return
  context.save()
  context.beginPath()
  context.rect(left, top, width, height)
  context.clip()
  context.globalAlpha = VEIL
  context.fillStyle = surface
  context.fillRect(left, top, width, height)
  context.globalAlpha = 1
  const stroke = typeof series.stroke === 'function' ? series.stroke(u, index) : series.stroke
  context.strokeStyle = stroke ?? surface
  context.lineJoin = 'round'
  context.lineWidth = 2.5 * devicePixelRatio
  trace(u, index, series.scale ?? 'y', context)
  context.stroke()
  context.restore()
}

/** The path of a line: `undefined` goes on, `null` breaks it. */
function trace(u: uPlot, index: number, scale: string, context: CanvasRenderingContext2D) {
  const [times] = u.data
  const column = u.data[index] ?? []
  let pen = false
  context.beginPath()
  for (let row = 0; row < column.length; row++) {
    const value = column[row]
    if (value === undefined) continue
    if (value === null) pen = false
    else {
      const x = u.valToPos(times[row] as number, 'x', true)
      const y = u.valToPos(value, scale, true)
      if (pen) context.lineTo(x, y)
      else context.moveTo(x, y)
      pen = true
    }
  }
}

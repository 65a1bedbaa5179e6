import type { CatalogueCore } from '../catalogue/catalogue.js'
import type { SampleColumns } from '../types.js'

/**
 * A batch seen as lines: samples of one entity at one time that stand together. Lines with the same metrics in the same order
 * are of one shape, and each metric belongs to one shape only.
 */
export interface Shape {
  readonly metrics: number[]
  /** How many lines, and where in the batch each begins. */
  lines: number
  starts: Int32Array
}

/** More are not a regular batch. */
const MOST_SHAPES = 4096
const FIRST_LINES = 64

/**
 * Reads batches as lines; undefined for one that cannot be: a metric twice in a line, lines with some of a shape's metrics only.
 * Decoders hand over most batches like that, for their protocols do.
 */
export function createLineReader(
  catalogue: CatalogueCore,
): (columns: SampleColumns) => readonly Shape[] | undefined {
  /** By metric: 1 + its shape; all 0 in between. */
  let shapeOf = new Uint16Array(64)

  return (columns) => {
    if (shapeOf.length < catalogue.metricCount) shapeOf = new Uint16Array(2 * catalogue.metricCount)
    const shapes: Shape[] = []
    const isRegular = read(shapes, columns)
    for (const { metrics } of shapes) for (const metric of metrics) shapeOf[metric] = 0
    return isRegular ? shapes : undefined
  }

  function read(shapes: Shape[], { series, time, length }: SampleColumns): boolean {
    const { metrics: metricOf, entities: entityOf } = catalogue.series
    let at = 0
    while (at < length) {
      const start = at
      const entity = entityOf[series[at]!]!
      const t = time[at]!
      const number = shapeOf[metricOf[series[at]!]!]!
      if (number === 0) {
        if (shapes.length === MOST_SHAPES) return false
        const metrics: number[] = []
        shapes.push({ metrics, lines: 1, starts: new Int32Array(FIRST_LINES).fill(start) })
        for (; at < length && entityOf[series[at]!] === entity && time[at] === t; at++) {
          const metric = metricOf[series[at]!]!
          if (shapeOf[metric] !== 0) return false
          shapeOf[metric] = shapes.length
          metrics.push(metric)
        }
        continue
      }
      const shape = shapes[number - 1]!
      const { metrics } = shape
      const end = start + metrics.length
      if (end > length) return false
      for (let k = 0; k < metrics.length; k++, at++) {
        const s = series[at]!
        if (metricOf[s] !== metrics[k] || entityOf[s] !== entity || time[at] !== t) return false
      }
      if (shape.lines === shape.starts.length) {
        const grown = new Int32Array(4 * shape.lines)
        grown.set(shape.starts)
        shape.starts = grown
      }
      shape.starts[shape.lines++] = start
    }
    return true
  }
}

import type { QueryPlan, QueryProblem, TimeSeries, TimeSeriesResponse } from '../wire/timeseries.js'

const TICKS = '▁▂▃▄▅▆▇█'

/** A line of block characters for a row of values; gaps of the data are not shown. */
export function sparkline(values: readonly number[], width: number): string {
  if (values.length === 0 || width < 1) return ''
  const cells = bucketMeans(values, Math.min(width, values.length))
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const cell of cells) {
    if (cell < min) min = cell
    if (cell > max) max = cell
  }
  const span = max - min
  return cells
    .map((cell) => TICKS[span === 0 ? 0 : Math.min(7, Math.floor(((cell - min) / span) * 8))])
    .join('')
}

function bucketMeans(values: readonly number[], count: number): number[] {
  const means: number[] = []
  for (let i = 0; i < count; i++) {
    const start = Math.floor((i * values.length) / count)
    const end = Math.max(start + 1, Math.floor(((i + 1) * values.length) / count))
    let sum = 0
    for (let k = start; k < end; k++) sum += values[k]!
    means.push(sum / (end - start))
  }
  return means
}

const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi']

/** A value with its unit, short enough for a table: `1.5 GiB`, `12.3 %`, `4.2 ms`. */
export function shownValue(
  value: number,
  numerators: readonly string[],
  denominators: readonly string[],
): string {
  const unit = numerators[0] ?? ''
  const per =
    denominators.length > 0 && !(unit === 'seconds' && denominators[0] === 'seconds')
      ? `/${denominators[0] === 'seconds' ? 's' : denominators[0]}`
      : ''
  if (unit === 'bytes') {
    let scaled = value
    let step = 0
    while (Math.abs(scaled) >= 1024 && step < BINARY.length - 1) {
      scaled /= 1024
      step++
    }
    return `${short(scaled)} ${BINARY[step]}B${per}`
  }
  const suffix =
    unit === 'percent'
      ? ' %'
      : unit === 'seconds' && per === '' && denominators.length === 0
        ? ' s'
        : unit === 'ms'
          ? ' ms'
          : ''
  return `${short(value)}${suffix}${suffix === '' ? per : ''}`
}

function short(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value)
  const size = Math.abs(value)
  return size !== 0 && (size >= 1e7 || size < 1e-3)
    ? value.toExponential(2)
    : String(Number(value.toPrecision(4)))
}

/** Control characters in names from outside could steer the terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found
const safe = (text: string) => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '�')

const HEADS = ['metric', 'entity', 'last', 'min', 'max', 'points'] as const

/** The answer as a table with a sparkline for each stream, warnings below. */
export function responseLines(
  answer: TimeSeriesResponse,
  { width, colour }: { width: number; colour: boolean },
): string[] {
  const dim = (text: string) => (colour ? `\u001b[2m${text}\u001b[0m` : text)
  const lines: string[] = []
  for (const item of answer.items) {
    if (answer.items.length > 1) lines.push(dim(safe(item.timeSeriesQuery)))
    const { plan } = item
    if (plan) lines.push(...planLines(plan))
    else if (item.timeSeries.length === 0) lines.push('No series.')
    else lines.push(...table(item.timeSeries, width, dim))
    for (const warning of item.warnings) lines.push(`warning: ${safe(warning)}`)
    for (const error of item.errors ?? []) lines.push(`error: ${safe(error)}`)
  }
  return lines
}

function planLines(plan: QueryPlan): string[] {
  const lines = [`rollup ${plan.rollup}, streams: ${plan.streams}, points: ${plan.points}`]
  for (const { text, shape, entities, reads } of plan.items) {
    lines.push(`${safe(text)}: ${shape} of ${entities} ${entities === 1 ? 'entity' : 'entities'}`)
    for (const read of reads) lines.push(`  reads ${safe(read)}`)
  }
  for (const { sql, rows, rowsRead, milliseconds } of plan.statements) {
    lines.push(
      `${shortMs(milliseconds)}, ${rowsRead} rows read, ${rows} returned:`,
      `  ${safe(clip(sql, 2_000))}`,
    )
  }
  for (const { name, milliseconds } of plan.steps)
    lines.push(`${shortMs(milliseconds).padStart(9)}  ${safe(name)}`)
  return lines
}

const shortMs = (milliseconds: number) => `${milliseconds.toFixed(1)} ms`

function table(streams: readonly TimeSeries[], width: number, dim: (text: string) => string): string[] {
  const rows = streams.map(({ metadata, data }) => {
    const values = data.map((point) => point.value)
    const show = (value: number | undefined) =>
      value === undefined ? '–' : shownValue(value, metadata.unitNumerators, metadata.unitDenominators)
    let min: number | undefined
    let max: number | undefined
    for (const value of values) {
      if (min === undefined || value < min) min = value
      if (max === undefined || value > max) max = value
    }
    const name = metadata.alias ?? metadata.metricName
    return {
      cells: [
        safe(name),
        safe(metadata.entityName),
        show(values.at(-1)),
        show(min),
        show(max),
        String(values.length),
      ],
      values,
    }
  })
  const widths = HEADS.map((head, column) =>
    Math.min(48, Math.max(head.length, ...rows.map((row) => row.cells[column]!.length))),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column < 2 ? clip(cell, widths[column]!).padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
  const rest = width - widths.reduce((sum, each) => sum + each + 2, 0)
  const spark = Math.max(8, Math.min(60, rest))
  return [
    dim(line(HEADS)),
    ...rows.map((row) => `${line(row.cells)}  ${sparkline(row.values, spark)}`.trimEnd()),
  ]
}

const clip = (text: string, width: number) => (text.length <= width ? text : `${text.slice(0, width - 1)}…`)

/** The query with a mark under each problem, and what was expected there. */
export function problemLines(query: string, problems: readonly QueryProblem[]): string[] {
  const lines: string[] = []
  for (const problem of problems) {
    const start = query.lastIndexOf('\n', problem.offset - 1) + 1
    const end = query.indexOf('\n', start)
    const text = query.slice(start, end < 0 ? undefined : end)
    const column = problem.offset - start
    const length = Math.max(1, Math.min(problem.length, text.length - column))
    lines.push(safe(text), `${' '.repeat(Math.max(0, column))}${'^'.repeat(length)}`, safe(problem.message))
    // The parser's own sentences have them already.
    if (problem.suggestions.length > 0 && !problem.message.includes('Did you mean'))
      lines.push(`Did you mean ${problem.suggestions.map(safe).join(', ')}?`)
  }
  return lines
}

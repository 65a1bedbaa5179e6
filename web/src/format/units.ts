/** Values as text, by unit: bytes in steps of 1024, everything else in steps of 1000. */

/** How values of a unit are written. `suffix` follows the scaled number: `/s` for a rate. */
export interface Unit {
  readonly kind: 'bytes' | 'percent' | 'duration' | 'number'
  /** Milliseconds in one, for durations. */
  readonly ms: number
  /** What stands behind the number and its prefix, e.g. `/s` or ` packets/s`. */
  readonly suffix: string
}

export const PLAIN: Unit = { kind: 'number', ms: 1, suffix: '' }
export const PERCENT: Unit = { kind: 'percent', ms: 1, suffix: '' }

const DURATIONS: Record<string, number> = {
  ns: 1e-6,
  nanos: 1e-6,
  nanoseconds: 1e-6,
  us: 1e-3,
  micros: 1e-3,
  microseconds: 1e-3,
  ms: 1,
  millis: 1,
  milliseconds: 1,
  second: 1000,
  seconds: 1000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
}

const DENOMINATORS: Record<string, string> = { second: '/s', seconds: '/s', minutes: '/min', hours: '/h' }

/** The unit of a stream, from its numerators and denominators; a ratio of equals is a plain number. */
export function unitOf(numerators: readonly string[], denominators: readonly string[]): Unit {
  const over = denominators.map((name) => name.toLowerCase())
  const names: string[] = []
  for (const name of numerators) {
    const lower = name.toLowerCase()
    const same = over.indexOf(lower)
    if (same >= 0) over.splice(same, 1)
    else names.push(lower)
  }
  const suffix = over.map((name) => DENOMINATORS[name] ?? `/${name}`).join('')
  const only = names.length === 1 ? (names[0] as string) : undefined
  if (only === 'bytes' || only === 'byte') return { kind: 'bytes', ms: 1, suffix }
  if (only === 'percent' && suffix === '') return PERCENT
  const ms = only === undefined ? undefined : DURATIONS[only]
  if (ms !== undefined && suffix === '') return { kind: 'duration', ms, suffix }
  if (names.length === 0 && suffix === '') return PLAIN
  const noun = names.length === 0 ? '' : ` ${names.join('·')}`
  return { kind: 'number', ms: 1, suffix: `${noun}${suffix}` }
}

export const sameUnit = (a: Unit, b: Unit) => a.kind === b.kind && a.ms === b.ms && a.suffix === b.suffix

interface Scaled {
  readonly by: number
  readonly name: string
}

const BYTES: readonly Scaled[] = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'].map((name, i) => ({
  by: 1024 ** i,
  name,
}))
const NUMBERS: readonly Scaled[] = [
  { by: 1, name: '' },
  { by: 1e3, name: 'k' },
  { by: 1e6, name: 'M' },
  { by: 1e9, name: 'G' },
  { by: 1e12, name: 'T' },
  { by: 1e15, name: 'P' },
]
const TIMES: readonly Scaled[] = [
  { by: 1e-6, name: 'ns' },
  { by: 1e-3, name: 'µs' },
  { by: 1, name: 'ms' },
  { by: 1000, name: 's' },
  { by: 60_000, name: 'min' },
  { by: 3_600_000, name: 'h' },
  { by: 86_400_000, name: 'd' },
]

function scaleFor(magnitude: number, unit: Unit): Scaled {
  if (unit.kind === 'percent') return { by: 1, name: '%' }
  if (unit.kind === 'duration') {
    const inMs = magnitude * unit.ms
    const found = inMs === 0 ? 2 : Math.max(0, lastIndex(TIMES, inMs))
    const scale = TIMES[found] as Scaled
    return { by: scale.by / unit.ms, name: scale.name }
  }
  const steps = unit.kind === 'bytes' ? BYTES : NUMBERS
  return steps[Math.max(0, lastIndex(steps, magnitude))] as Scaled
}

const lastIndex = (steps: readonly Scaled[], magnitude: number) =>
  steps.findLastIndex((step) => magnitude >= step.by)

function join(number: string, name: string, suffix: string): string {
  if (name === '%') return `${number}%${suffix}`
  if (name === '') return `${number}${suffix}`
  const glue = /^[kMGTP]$/.test(name) ? '' : ' '
  return `${number}${glue}${name}${suffix}`
}

/** A value for reading, with about three significant digits: `1.21 GiB/s`, `37.5%`, `4.2 ms`, `–` for no number. */
export function formatValue(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const scale = scaleFor(Math.abs(value), unit)
  return join(significant(value / scale.by), scale.name, unit.suffix)
}

function significant(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && size < 0.001) return value.toExponential(1)
  if (size >= 1e6) return value.toExponential(2)
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3
  return trimZeros(value.toFixed(digits))
}

const trimZeros = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)

/** Labels of a value axis: one scale for all, and as many decimals as the ticks need. */
export function formatTicks(ticks: readonly number[], unit: Unit): string[] {
  let largest = 0
  for (const tick of ticks) largest = Math.max(largest, Math.abs(tick))
  const scale = scaleFor(largest, unit)
  const step = ticks.length > 1 ? Math.abs((ticks[1] as number) - (ticks[0] as number)) / scale.by : 1
  const digits =
    step >= 1 || step === 0 ? (Number.isInteger(step) ? 0 : 1) : Math.min(6, Math.ceil(-Math.log10(step)))
  return ticks.map((tick) => {
    const text = (tick / scale.by).toFixed(digits)
    return tick === 0 ? '0' : join(text, scale.name, axisSuffix(unit))
  })
}

/** On an axis a long noun would take the chart's room: the title says it. */
const axisSuffix = (unit: Unit) => (unit.suffix.startsWith(' ') ? '' : unit.suffix)

/** Steps between the ticks of a value axis, ascending. */
export function tickSteps(unit: Unit): number[] {
  const steps: number[] = []
  if (unit.kind === 'bytes') {
    for (let power = 0; power <= 60; power++) steps.push(2 ** power)
    return steps
  }
  if (unit.kind === 'duration') return durationSteps(unit)
  for (let power = -12; power <= 18; power++) for (const digit of [1, 2, 5]) steps.push(digit * 10 ** power)
  return steps
}

function durationSteps(unit: Unit): number[] {
  const steps: number[] = []
  for (let power = -6; power < 4; power++) for (const digit of [1, 2, 5]) steps.push(digit * 10 ** power)
  const long = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400]
  for (const seconds of long) steps.push(seconds * 1000)
  for (const days of [2, 5, 10, 20, 50, 100, 200, 500, 1000]) steps.push(days * 86_400_000)
  return [...new Set(steps)].sort((a, b) => a - b).map((ms) => ms / unit.ms)
}

/** A unit in words for a chart's title: `bytes/s`, `%`, `packets/s`; empty where the axis says enough. */
export function unitLabel(unit: Unit): string {
  if (unit.kind === 'bytes') return `bytes${unit.suffix}`
  if (unit.kind === 'percent') return '%'
  if (unit.kind === 'duration') return ''
  return unit.suffix.trim()
}

/** A count with thin groups: `103 240`. */
export const formatCount = (count: number) => String(count).replace(/\B(?=(\d{3})+$)/g, '\u202f')

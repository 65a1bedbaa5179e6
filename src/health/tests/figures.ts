/** Figures for sentences, the same everywhere: `1,234.5`, `2.5 GiB`, `54.93%`, `1.2 s`. */

const STEPS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

export function formatFigure(value: number, unit: string): string {
  if (!Number.isFinite(value)) return 'unknown'
  if (unit === 'percent') return `${formatPercent(value)}%`
  if (unit === 'bytes') return formatBytes(value)
  if (unit === 'milliseconds') return formatMilliseconds(value)
  return unit === '' ? formatNumber(value) : `${formatNumber(value)} ${unit}`
}

/** Two digits after the point; more where they would say nothing. */
const formatPercent = (value: number): string =>
  value !== 0 && Math.abs(value) < 0.005 ? String(Number(value.toPrecision(1))) : value.toFixed(2)

export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return 'unknown'
  const digits = Number.isInteger(value) ? 0 : Math.abs(value) < 10 ? 2 : 1
  const [whole = '', part] = Math.abs(value)
    .toFixed(digits)
    .replace(/(\.\d)0$/, '$1')
    .split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return `${value < 0 ? '-' : ''}${grouped}${part === undefined ? '' : `.${part}`}`
}

function formatBytes(value: number): string {
  let step = 0
  let rest = value
  while (Math.abs(rest) >= 1024 && step < STEPS.length - 1) {
    rest /= 1024
    step++
  }
  return `${formatNumber(Number(rest.toFixed(2)))} ${STEPS[step]}`
}

function formatMilliseconds(value: number): string {
  if (Math.abs(value) < 1000) return `${formatNumber(Number(value.toFixed(1)))} ms`
  return formatSpan(value)
}

/** `90 s`, `5 minutes`, `2.5 hours`. */
export function formatSpan(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 120) return `${formatNumber(Number(seconds.toFixed(1)))} s`
  if (seconds < 7200) return `${formatNumber(Number((seconds / 60).toFixed(1)))} minutes`
  return `${formatNumber(Number((seconds / 3600).toFixed(1)))} hours`
}

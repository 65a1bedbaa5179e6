import type { Report } from './message.js'

/** Thresholds of a health test: JSON with `warning` and `critical`, each a number, `any` or `never`. */
export function checkThresholds(value: string, report: Report): void {
  if (!isThresholds(value))
    report(
      'ERROR',
      'NOT_ALLOWED',
      'must be such as {"warning":"50.0","critical":"never"}: numbers, any or never',
    )
}

function isThresholds(value: string): boolean {
  let given: unknown
  try {
    given = JSON.parse(value)
  } catch {
    return false
  }
  if (typeof given !== 'object' || given === null) return false
  const { warning, critical } = given as { warning?: unknown; critical?: unknown }
  return isThreshold(warning) && isThreshold(critical)
}

function isThreshold(value: unknown): boolean {
  if (value === 'any' || value === 'never') return true
  if (typeof value === 'number') return Number.isFinite(value)
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
}

import type { Entry } from '../entries.js'
import { withValve } from './properties.js'

/** A flag file: `-name=value`, one line each. */
export function writeGflags(entries: readonly Entry[], valve: string): string {
  return withValve(entries.map(({ key, value }) => `-${key}=${value}\n`).join(''), valve)
}

/** A flag is one line, and blanks at its end are lost. */
export function fitsGflags(value: string): boolean {
  return !/[\n\r\0]/.test(value) && value.trimEnd() === value
}

import type { VersionRange } from '../model/service.js'

/** Compares dotted versions number by number; missing parts count as 0. Text after a number (`7.1.7p2`) is ignored. */
export function compareVersions(a: string, b: string): number {
  const left = parts(a)
  const right = parts(b)
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return Math.sign(difference)
  }
  return 0
}

function parts(version: string): number[] {
  return version.split(/[.\-_+]/).map((part) => Number.parseInt(part, 10) || 0)
}

/** `max` of a range is exclusive, but a bare major means up to the next one: `5` is <6.0.0, `5.4` is <5.4.0. */
export function upperBound(max: string | undefined): string | undefined {
  return max !== undefined && /^\d+$/.test(max) ? `${Number(max) + 1}.0.0` : max
}

export function inRange(version: string, { min, max }: VersionRange): boolean {
  if (min !== undefined && compareVersions(version, min) < 0) return false
  return max === undefined || compareVersions(version, max) < 0
}

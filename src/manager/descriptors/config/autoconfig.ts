import type { Parameter } from '../model/parameter.js'

const unitBytes: Readonly<Record<string, number>> = {
  kilobytes: 1024,
  megabytes: 1024 ** 2,
  gigabytes: 1024 ** 3,
}

/**
 * A value for a memory parameter on a host (csd.md §2.3): its share of what the service may have of the host's memory,
 * at most `softMax` or `max`, at least `min`. Undefined for parameters without `autoConfigShare`.
 *
 * `ramBytes` is the host's memory, `servicePercent` (0 to 1) the part of it that the service may have.
 */
export function autoConfigured(
  parameter: Parameter,
  ramBytes: number,
  servicePercent: number,
): string | undefined {
  if (parameter.type !== 'memory' || parameter.autoConfigShare === undefined) return undefined
  const inUnits = unitBytes[parameter.unit ?? 'bytes'] ?? 1
  const share = (ramBytes * 0.8 * servicePercent * (parameter.autoConfigShare / 100)) / parameter.scaleFactor
  const most = parameter.softMax ?? parameter.max ?? Infinity
  return String(Math.floor(Math.max(Math.min(most, share / inUnits), parameter.min ?? 0)))
}

import type { ServiceDescriptor } from '../model/service.js'
import { compareVersions, inRange } from '../sdl/version.js'

/**
 * The descriptor of a type for a cluster version: of those whose `cdhVersion` range fits, the highest `version`.
 * Undefined when there is none.
 *
 * ```ts
 * chooseDescriptor(set.descriptors, 'SPARK_ON_YARN', '5.4.2')
 * ```
 */
export function chooseDescriptor(
  descriptors: readonly ServiceDescriptor[],
  type: string,
  clusterVersion: string,
): ServiceDescriptor | undefined {
  let best: ServiceDescriptor | undefined
  for (const each of descriptors) {
    if (each.type !== type || !inRange(clusterVersion, each.compatibility.cdhVersion)) continue
    if (!best || compareVersions(each.version, best.version) > 0) best = each
  }
  return best
}

import type { ServiceDescriptor } from '../model/service.js'
import { type DescriptorFolder, type DescriptorSet, loadDescriptors, type Refused } from './load.js'

export interface Changes {
  readonly added: readonly ServiceDescriptor[]
  /** New contents under the same name. */
  readonly changed: readonly ServiceDescriptor[]
  readonly removed: readonly ServiceDescriptor[]
  readonly refused: readonly Refused[]
  /** Services in use whose type is gone or whose generation no longer fits: they can only be stopped and deleted. */
  readonly stranded: readonly Stranded[]
}

/** A service that exists, as far as its descriptor matters. */
export interface ServiceInUse {
  readonly name: string
  readonly type: string
  readonly generation: number
}

export interface Stranded extends ServiceInUse {
  readonly reason: 'NO_DESCRIPTOR' | 'OTHER_GENERATION'
}

/**
 * Reads the folders again and tells what is different from `before`.
 *
 * A jar that was good and has become unreadable is in `refused` and its old descriptor in `removed`: the caller decides
 * whether to go on with the old one.
 */
export async function reloadDescriptors(
  before: DescriptorSet,
  folders: readonly DescriptorFolder[],
  inUse: readonly ServiceInUse[] = [],
): Promise<{ set: DescriptorSet; changes: Changes }> {
  const set = await loadDescriptors(folders)
  const key = (each: ServiceDescriptor) => each.origin.path
  const old = new Map(before.descriptors.map((each) => [key(each), each]))
  const now = new Set(set.descriptors.map(key))
  return {
    set,
    changes: {
      added: set.descriptors.filter((each) => !old.has(key(each))),
      changed: set.descriptors.filter((each) => {
        const previous = old.get(key(each))
        return previous !== undefined && previous.origin.sha256 !== each.origin.sha256
      }),
      removed: before.descriptors.filter((each) => !now.has(key(each))),
      refused: set.refused,
      stranded: stranded(set, inUse),
    },
  }
}

/** Services that no loaded descriptor can run. */
export function stranded(set: DescriptorSet, inUse: readonly ServiceInUse[]): Stranded[] {
  return inUse.flatMap((service): Stranded[] => {
    const types = set.descriptors.filter((each) => each.type === service.type)
    if (types.length === 0) return [{ ...service, reason: 'NO_DESCRIPTOR' }]
    return types.some((each) => each.compatibility.generation === service.generation)
      ? []
      : [{ ...service, reason: 'OTHER_GENERATION' }]
  })
}

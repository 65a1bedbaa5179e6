import type { Entity } from '../../metrics/index.js'
import type { Node, Part } from './nodes.js'
import type { BoundTest } from './profile.js'

/** Parts of hosts by category, each with the attribute that people call it by. */
export const PARTS: Readonly<Record<string, string>> = {
  FILESYSTEM: 'mountpoint',
  NETWORK_INTERFACE: 'iface',
  DISK: 'device',
}
/** Above the numbers of nodes, and small enough to be a quick key. */
const PART_OWNERS = 0x4000_0000

export const partOwner = (entity: Entity): number => PART_OWNERS + entity.index
/** The part's place in the catalogue. */
export const partIndex = (owner: number): number => owner - PART_OWNERS

/** Gives the host a part. False when it has it already. */
export function addPart(host: Node, entity: Entity): boolean {
  const owner = partOwner(entity)
  if (host.parts.some((part) => part.owner === owner)) return false
  host.parts.push({
    owner,
    category: entity.category,
    label: entity.attributes[PARTS[entity.category]!] ?? entity.name,
    attributes: entity.attributes,
  })
  return true
}

/** The parts of a node's host whose figures a test looks at. */
export function partsOf(node: Node, { definition: { source }, paths }: BoundTest): Part[] {
  if (source.kind !== 'metric') return []
  const host = node.category === 'HOST' ? node : node.host
  const parts = (host?.parts ?? []).filter(({ category }) => category === source.of)
  if (paths !== undefined) return holding(parts, paths)
  const { except = [] } = source
  return parts.filter(
    ({ attributes }) =>
      !except.some(({ attribute, prefixes }) =>
        prefixes.some((prefix) => attributes[attribute]?.startsWith(prefix)),
      ),
  )
}

/** The file systems that hold the folders: of each the one with the longest mount point that leads to it. */
function holding(parts: readonly Part[], paths: readonly string[]): Part[] {
  const found = new Set<Part>()
  for (const path of paths) {
    let best: Part | undefined
    for (const part of parts) {
      const inside = part.label === '/' || path === part.label || path.startsWith(`${part.label}/`)
      if (inside && (best === undefined || part.label.length > best.label.length)) best = part
    }
    if (best !== undefined) found.add(best)
  }
  return [...found]
}

/** Names of the lines of one chart: only what differs between them. */

import { attributesOf, type Stream } from './stream.js'

const DISPLAY_NAME = 'entityDisplayName'

/** Attributes that people know their parts by, before those that only programs do. */
const PREFERRED = [
  'metricName',
  'hostname',
  'device',
  'mountpoint',
  'iface',
  'networkInterface',
  'serviceDisplayName',
  'serviceName',
  'roleType',
  'category',
  'clusterDisplayName',
  DISPLAY_NAME,
]
const LAST = ['hostId', 'clusterId', 'entityName']

/** A display name that is nothing but the attributes, `cpu=0,mode=idle`: each of them alone says less that is the same everywhere. */
const isMadeOfAttributes = (attributes: Readonly<Record<string, string>>) =>
  attributes[DISPLAY_NAME]?.includes('=') ?? false

function rank(attribute: string, isMade: boolean): number {
  if (attribute === DISPLAY_NAME && isMade) return PREFERRED.length + 0.5
  const preferred = PREFERRED.indexOf(attribute)
  if (preferred >= 0) return preferred
  const last = LAST.indexOf(attribute)
  return last < 0 ? PREFERRED.length : PREFERRED.length + 1 + last
}

/**
 * One label a stream: the values of the fewest attributes that tell them apart, joined by ` · `. An attribute that tells
 * nothing more than those before it is left out, unless it is in `always`, as the device of a disk. A single stream is named
 * by its metric.
 */
export function labelStreams(streams: readonly Stream[], always: readonly string[] = []): string[] {
  const all = streams.map(attributesOf)
  const names = new Set<string>()
  for (const attributes of all) for (const name of Object.keys(attributes)) names.add(name)
  const isMade = all.some(isMadeOfAttributes)
  const order = (name: string) => (name !== 'metricName' && always.includes(name) ? 0.5 : rank(name, isMade))
  const ordered = [...names].sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1))
  let groups: string[] = all.map(() => '')
  let distinct = new Set(groups).size
  const chosen: string[] = []
  for (const name of ordered) {
    const needed = always.includes(name)
    if (distinct === streams.length && !needed) continue
    const finer = all.map((attributes, i) => `${groups[i]}\u0000${attributes[name] ?? ''}`)
    const count = new Set(finer).size
    if (count === distinct && !needed) continue
    groups = finer
    distinct = count
    chosen.push(name)
  }
  if (chosen.length === 0) return streams.map((stream) => stream.metric)
  return all.map((attributes, i) => {
    const values = chosen.map((name) => attributes[name] ?? '').filter((value) => value !== '')
    return values.join(' · ') || (streams[i] as Stream).metric
  })
}

/** Facets: how the streams of an answer are spread over charts. */

import { labelStreams } from './labels.js'
import { attributesOf, type Stream, shortHash } from './stream.js'

/** `combined`, `separate`, or `by:` and the name of an attribute. */
export type Facet = string

export interface FacetChart {
  /** Stable for the same facet and value; used in addresses. */
  readonly id: string
  readonly title: string
  readonly streams: readonly Stream[]
}

export interface FacetOption {
  readonly facet: Facet
  readonly label: string
  /** How many charts it makes. */
  readonly charts: number
}

const MISSING = '(none)'

export const facetAttribute = (facet: Facet) => (facet.startsWith('by:') ? facet.slice(3) : null)

/** The charts of a facet, in the order in which the streams come. An unknown facet is as `combined`. */
export function splitByFacet(streams: readonly Stream[], facet: Facet): FacetChart[] {
  if (streams.length === 0) return []
  if (facet === 'separate') {
    const labels = labelStreams(streams)
    return streams.map((stream, i) => ({ id: stream.key, title: labels[i] as string, streams: [stream] }))
  }
  const attribute = facetAttribute(facet)
  if (attribute === null) return [{ id: 'all', title: '', streams }]
  const groups = new Map<string, Stream[]>()
  for (const stream of streams) {
    const value = attributesOf(stream)[attribute] || MISSING
    const group = groups.get(value)
    if (group) group.push(stream)
    else groups.set(value, [stream])
  }
  return [...groups].map(([title, group]) => ({
    id: shortHash(`${attribute}\u0000${title}`),
    title,
    streams: group,
  }))
}

/** What can be chosen for an answer, with the number of charts each makes; the first two always, then the attributes. */
export function facetOptions(streams: readonly Stream[]): FacetOption[] {
  const values = new Map<string, Set<string>>()
  const all = streams.map(attributesOf)
  for (const attributes of all) for (const name of Object.keys(attributes)) values.set(name, new Set())
  for (const attributes of all)
    for (const [name, distinct] of values) distinct.add(attributes[name] || MISSING)
  const byAttribute = [...values]
    .map(([name, distinct]) => ({ facet: `by:${name}`, label: name, charts: distinct.size }))
    .sort((a, b) => (a.label < b.label ? -1 : 1))
  return [
    { facet: 'combined', label: 'All combined', charts: Math.min(1, streams.length) },
    { facet: 'separate', label: 'All separate', charts: streams.length },
    ...byAttribute,
  ]
}

import type { QueryProblem } from '../../../src/wire/timeseries.js'

/** A tree without the places of its nodes and without how a value was written: what has to survive printing. */
export function meaning(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(meaning)
  if (tree === null || typeof tree !== 'object') return tree
  const node = tree as Record<string, unknown>
  const kept = Object.entries(node).filter(
    ([key]) => !PLACES.has(key) && !(node.kind === 'statement' && key === 'text'),
  )
  const fields = Object.fromEntries(kept.map(([key, value]) => [key, meaning(value)]))
  return node.kind === 'value' ? { ...fields, form: node.form === 'variable' ? 'variable' : 'text' } : fields
}

const PLACES = new Set(['offset', 'length', 'attributeSpan', 'nameSpan', 'patternSpan'])

/** Every node of a tree that has a place. */
export function* nodesOf(tree: unknown): Generator<{ kind: string; offset: number; length: number }> {
  if (tree === null || typeof tree !== 'object') return
  if ('kind' in tree && 'offset' in tree) yield tree as { kind: string; offset: number; length: number }
  for (const child of Object.values(tree)) yield* nodesOf(child)
}

/** What is wrong with the places of problems: nothing, for every text. */
export function misplaced(problems: readonly QueryProblem[], text: string): string | undefined {
  for (const { offset, length, message } of problems) {
    const inside = Number.isInteger(offset) && offset >= 0 && length >= 0 && offset + length <= text.length
    if (!inside) return `${offset}+${length} is not inside ${text.length}: ${message}`
    if (!/^[A-Z“].*[.?]$/s.test(message)) return `no sentence: ${message}`
    if (/undefined|\[object|NaN|Token/.test(message)) return `no words for people: ${message}`
  }
  return undefined
}

/** A generator of numbers from 0 to 1 that always gives the same ones (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

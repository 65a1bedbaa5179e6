/**
 * The names nearest to a misspelt one, best first: equal but for case, then by Damerau-Levenshtein distance (an
 * exchanged pair of letters counts as one mistake), then names of which it is the start or a part. A name is near when
 * it takes at most one mistake in three letters. Case does not count.
 *
 * 100,000 candidates take a few milliseconds: length and letters rule most of them out before any distance is computed.
 *
 * @param max how many names at most; default 3
 * @example nearest('mvoing_avg', ['moving_avg', 'min', 'max']) // ['moving_avg']
 */
export function nearest(name: string, candidates: Iterable<string>, max = 3): string[] {
  const wanted = name.slice(0, MAX_LENGTH).toLowerCase()
  if (wanted.length === 0 || max < 1) return []
  const bound = Math.max(1, Math.floor(wanted.length / 3))
  const letters = letterBits(wanted)
  const found: { candidate: string; rank: number }[] = []
  let worst = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const rank = rankOf(wanted, letters, candidate, bound)
    if (rank >= worst) continue
    found.push({ candidate, rank })
    if (found.length > max * 8) worst = keepBest(found, max)
  }
  keepBest(found, max)
  return found.map((f) => f.candidate)
}

const MAX_LENGTH = 128
/** Rank of a name of which the wanted one is a part; distances are below. */
const PART = 1000

function keepBest(found: { candidate: string; rank: number }[], max: number): number {
  found.sort(
    (a, b) => a.rank - b.rank || (a.candidate < b.candidate ? -1 : a.candidate > b.candidate ? 1 : 0),
  )
  found.length = Math.min(found.length, max)
  return found.length < max ? Number.POSITIVE_INFINITY : found.at(-1)!.rank + 1e-9
}

function rankOf(wanted: string, letters: number, candidate: string, bound: number): number {
  const difference = candidate.length - wanted.length
  if (difference < -bound) return Number.POSITIVE_INFINITY
  if (difference > bound && wanted.length < 3) return Number.POSITIVE_INFINITY
  const lower = candidate.toLowerCase()
  if (difference <= bound && bitCount(letterBits(lower) ^ letters) <= 2 * bound) {
    const distance = editDistance(wanted, lower, bound)
    if (distance <= bound) return distance
  }
  if (wanted.length < 3) return Number.POSITIVE_INFINITY
  const at = lower.indexOf(wanted)
  return at === -1 ? Number.POSITIVE_INFINITY : PART + (at === 0 ? 0 : PART) + Math.min(difference, PART - 1)
}

function letterBits(text: string): number {
  let bits = 0
  for (let i = 0; i < text.length; i++) bits |= 1 << (text.charCodeAt(i) & 31)
  return bits
}

function bitCount(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return (((n + (n >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
}

const rows = [0, 1, 2].map(() => new Uint16Array(2 * MAX_LENGTH + 2))

/** Optimal string alignment distance, given up beyond the bound. */
function editDistance(a: string, b: string, bound: number): number {
  let [before, previous, current] = rows as [Uint16Array, Uint16Array, Uint16Array]
  for (let j = 0; j <= b.length; j++) previous[j] = j
  for (let i = 1; i <= a.length; i++) {
    current[0] = i
    let least = i
    const letter = a.charCodeAt(i - 1)
    for (let j = 1; j <= b.length; j++) {
      const other = b.charCodeAt(j - 1)
      let cost = Math.min(
        previous[j]! + 1,
        current[j - 1]! + 1,
        previous[j - 1]! + (letter === other ? 0 : 1),
      )
      if (i > 1 && j > 1 && letter === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === other)
        cost = Math.min(cost, before[j - 2]! + 1)
      current[j] = cost
      if (cost < least) least = cost
    }
    if (least > bound) return Number.POSITIVE_INFINITY
    ;[before, previous, current] = [previous, current, before]
  }
  return previous[b.length]!
}

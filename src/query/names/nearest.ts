/**
 * The names nearest to a misspelt one, best first: equal but for case, then by Damerau-Levenshtein distance (an
 * exchanged pair of letters counts as one mistake), then names of which it is the start or a part. A name is near when
 * it takes at most one mistake in three letters, and four at most. Case does not count.
 *
 * 100,000 candidates take a few milliseconds: length and letters rule most of them out before any distance is computed.
 *
 * @param max how many names at most; default 3
 * @example nearest('mvoing_avg', ['moving_avg', 'min', 'max']) // ['moving_avg']
 */
export function nearest(name: string, candidates: Iterable<string>, max = 3): string[] {
  const wanted = name.slice(0, MAX_LENGTH).toLowerCase()
  if (wanted.length === 0 || max < 1) return []
  const letters = letterBits(wanted)
  const found: Found[] = []
  let bound = Math.max(1, Math.min(MOST_MISTAKES, Math.floor(wanted.length / 3)))
  for (const candidate of candidates) {
    const rank = rankOf(wanted, letters, candidate, bound)
    if (rank === FAR) continue
    found.push({ candidate, rank })
    if (found.length < max * 8) continue
    keepBest(found, max)
    if (found.length === max) bound = Math.min(bound, found.at(-1)!.rank)
  }
  keepBest(found, max)
  return found.map((f) => f.candidate)
}

interface Found {
  candidate: string
  rank: number
}

const MAX_LENGTH = 128
const MOST_MISTAKES = 4
/** Rank of a name of which the wanted one is a part; distances are below. */
const PART = 1000
const FAR = Number.POSITIVE_INFINITY

function keepBest(found: Found[], max: number): void {
  found.sort((a, b) => a.rank - b.rank || (a.candidate < b.candidate ? -1 : 1))
  const names = new Set<string>()
  const best = found.filter(({ candidate }) => !names.has(candidate) && names.add(candidate))
  found.splice(0, found.length, ...best.slice(0, max))
}

function rankOf(wanted: string, letters: number, candidate: string, bound: number): number {
  const difference = candidate.length - wanted.length
  if (difference < -bound || (difference > bound && wanted.length < 3)) return FAR
  const lower = candidate.toLowerCase()
  if (difference <= bound && bitCount(letterBits(lower) ^ letters) <= 2 * bound) {
    const distance = editDistance(wanted, lower, bound)
    if (distance <= bound) return distance
  }
  if (wanted.length < 3) return FAR
  const at = lower.indexOf(wanted)
  return at === -1 ? FAR : PART + (at === 0 ? 0 : PART) + Math.min(difference, PART - 1)
}

/** Which letters occur, one bit for each; letters that share a bit only make the test weaker. */
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

const rows = [0, 1, 2].map(() => new Uint16Array(MAX_LENGTH + MOST_MISTAKES + 2))

/** Optimal string alignment distance; `FAR` beyond the bound. Only a band as wide as the bound is computed. */
function editDistance(a: string, b: string, bound: number): number {
  let start = 0
  let endA = a.length
  let endB = b.length
  while (start < endA && start < endB && a.charCodeAt(start) === b.charCodeAt(start)) start++
  while (endA > start && endB > start && a.charCodeAt(endA - 1) === b.charCodeAt(endB - 1)) {
    endA--
    endB--
  }
  const width = endB - start
  let [before, previous, current] = rows as [Uint16Array, Uint16Array, Uint16Array]
  for (let j = 0; j <= width; j++) previous[j] = j
  for (let i = 1; i <= endA - start; i++) {
    const from = Math.max(1, i - bound)
    const to = Math.min(width, i + bound)
    current[from - 1] = from === 1 ? i : bound + 1
    let least = current[from - 1]!
    const letter = a.charCodeAt(start + i - 1)
    for (let j = from; j <= to; j++) {
      const other = b.charCodeAt(start + j - 1)
      const above = j === i + bound ? bound + 1 : previous[j]! + 1
      let cost = Math.min(above, current[j - 1]! + 1, previous[j - 1]! + (letter === other ? 0 : 1))
      const swapped = i > 1 && j > 1 && letter === b.charCodeAt(start + j - 2)
      if (swapped && a.charCodeAt(start + i - 2) === other) cost = Math.min(cost, before[j - 2]! + 1)
      current[j] = cost
      if (cost < least) least = cost
    }
    if (least > bound) return FAR
    ;[before, previous, current] = [previous, current, before]
  }
  return previous[width]! <= bound ? previous[width]! : FAR
}

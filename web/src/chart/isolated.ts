/** Points that no line shows, as they stand alone between two gaps. */

/** Rows of such points, or null when there is none. */
export function isolatedPoints(column: ArrayLike<number | null | undefined>): number[] | null {
  const alone: number[] = []
  let first = -1
  let count = 0
  for (let row = 0; row <= column.length; row++) {
    const value = row === column.length ? null : column[row]
    if (value === undefined) continue
    if (value !== null) {
      if (count === 0) first = row
      count++
      continue
    }
    if (count === 1) alone.push(first)
    count = 0
  }
  return alone.length === 0 ? null : alone
}

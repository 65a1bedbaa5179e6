/**
 * Whether `length` bytes of `a` from `at` are those of `b` from `bt`.
 *
 * Eight bytes at a time as a double, which is the widest load that JavaScript has. Only doubles that are equal and not zero
 * are surely the same bytes: the two zeros are equal without being the same, NaNs the same without being equal.
 */
export function sameBytes(a: DataView, at: number, b: DataView, bt: number, length: number): boolean {
  const end = at + length
  for (; at + 8 <= end; at += 8, bt += 8) {
    const x = a.getFloat64(at, true)
    if (x === b.getFloat64(bt, true) && x !== 0) continue
    if (a.getInt32(at, true) !== b.getInt32(bt, true)) return false
    if (a.getInt32(at + 4, true) !== b.getInt32(bt + 4, true)) return false
  }
  for (; at < end; at++, bt++) if (a.getUint8(at) !== b.getUint8(bt)) return false
  return true
}

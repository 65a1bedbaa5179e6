/** Returns an array of the same kind with room for `needed` elements: the given one, or a copy half as large again. */
export function grown<T extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(
  array: T,
  needed: number,
): T {
  if (needed <= array.length) return array
  const larger = new (array.constructor as new (length: number) => T)(
    Math.max(needed, (array.length * 1.5) | 0, 64),
  )
  larger.set(array as never)
  return larger
}

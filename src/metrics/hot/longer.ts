/** `grown`, which is at least as long, with what is in `old` at its start. */
export function longer<T extends Float64Array | Uint32Array>(old: T, grown: T): T {
  grown.set(old as never)
  return grown
}

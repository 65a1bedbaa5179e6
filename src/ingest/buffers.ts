/**
 * Memory for request bodies, used again: a new array of megabytes costs zeroing and page faults, and soon a collection.
 * What a body leaves behind is not cleared: whoever takes an array overwrites it before reading it.
 */
export interface BufferPool {
  /** An array of exactly `bytes` with any content, at the beginning of its memory, so that 8-byte columns are aligned. */
  take(bytes: number): Uint8Array
  /** Gives it back. False for what is not from this pool, or was given back already: that is left alone. */
  give(array: Uint8Array): boolean
  /** Bytes that wait to be taken. */
  readonly kept: number
}

export interface BufferPoolOptions {
  /** Most bytes kept; default 32 MiB. */
  keepBytes?: number
  /** What nobody has taken for that long goes; default 10 s. */
  idleMs?: number
}

const SMALLEST = 4 * 1024

export function createBufferPool({
  keepBytes = 32 * 1024 * 1024,
  idleMs = 10_000,
}: BufferPoolOptions = {}): BufferPool {
  /** By size, a power of two. */
  const free = new Map<number, ArrayBuffer[]>()
  /** Only what is in here is taken back: the same memory given back twice would serve two requests at once. */
  const taken = new WeakSet<ArrayBufferLike>()
  let kept = 0
  let used = false
  let timer: NodeJS.Timeout | undefined

  const tick = () => {
    if (!used) {
      free.clear()
      kept = 0
      clearInterval(timer)
      timer = undefined
    }
    used = false
  }

  return {
    take(bytes) {
      used = true
      const size = memoryFor(bytes)
      const found = free.get(size)?.pop()
      if (found !== undefined) kept -= size
      const memory = found ?? new ArrayBuffer(size)
      taken.add(memory)
      return new Uint8Array(memory, 0, bytes)
    },
    give({ buffer }) {
      if (!taken.delete(buffer)) return false
      if (kept + buffer.byteLength > keepBytes) return true
      const same = free.get(buffer.byteLength)
      if (same) same.push(buffer as ArrayBuffer)
      else free.set(buffer.byteLength, [buffer as ArrayBuffer])
      kept += buffer.byteLength
      timer ??= setInterval(tick, idleMs).unref()
      return true
    },
    get kept() {
      return kept
    },
  }
}

/** How much memory an array of `bytes` occupies: the next power of two. */
export function memoryFor(bytes: number): number {
  let size = SMALLEST
  while (size < bytes) size *= 2
  return size
}

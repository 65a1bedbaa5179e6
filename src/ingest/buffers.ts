/**
 * Memory for request bodies, used again: a new array of megabytes costs zeroing and page faults, and soon a collection.
 * What a body leaves behind is not cleared: whoever takes an array overwrites it before reading it.
 */
export interface BufferPool {
  /** An array of exactly `bytes` with any content, at the beginning of its memory, so that 8-byte columns are aligned. */
  take(bytes: number): Loan
  /** Bytes that wait to be taken. */
  readonly kept: number
}

export interface Loan {
  readonly array: Uint8Array
  /** How much memory the array occupies: `memoryFor` its length. */
  readonly memory: number
  /** Gives the memory back, for others to use. False, and without effect on who has it now, from the second time on. */
  end(): boolean
}

export interface BufferPoolOptions {
  /** Most bytes kept; default 64 MiB. */
  keepBytes?: number
  /** What nobody has taken for that long goes; default 10 s. */
  idleMs?: number
}

const SMALLEST = 4 * 1024

export function createBufferPool({
  keepBytes = 64 * 1024 * 1024,
  idleMs = 10_000,
}: BufferPoolOptions = {}): BufferPool {
  /** By size. */
  const free = new Map<number, ArrayBuffer[]>()
  let kept = 0
  let used = false
  let timer: NodeJS.Timeout | undefined

  const give = (buffer: ArrayBuffer) => {
    const size = buffer.byteLength
    if (kept + size > keepBytes) return
    const same = free.get(size)
    if (same) same.push(buffer)
    else free.set(size, [buffer])
    kept += size
    timer ??= setInterval(tick, idleMs).unref()
  }

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
      const memory = memoryFor(bytes)
      const found = free.get(memory)?.pop()
      if (found !== undefined) kept -= memory
      const buffer = found ?? new ArrayBuffer(memory)
      let ended = false
      const end = () => {
        if (ended) return false
        ended = true
        give(buffer)
        return true
      }
      return { array: new Uint8Array(buffer, 0, bytes), memory, end }
    },
    get kept() {
      return kept
    },
  }
}

/** How much memory a loan of `bytes` occupies: the next of four sizes between two powers of two, at most a quarter more. */
export function memoryFor(bytes: number): number {
  let size = SMALLEST
  while (size < bytes) size *= 2
  const step = Math.max(SMALLEST, size / 8)
  return Math.max(1, Math.ceil(bytes / step)) * step
}

import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'

const MAX_BYTES = 20 * 1024 * 1024
const KEPT = 3

/**
 * Appends to a log file that never takes more than `(kept + 1) × maxBytes`: at the bound it becomes `FILE.1`, that one
 * `FILE.2`, and so on. A full disk loses log lines, never the process.
 */
export function openLog(path: string, { maxBytes = MAX_BYTES, kept = KEPT } = {}) {
  let descriptor = openSync(path, 'a', 0o600)
  let size = fstatSync(descriptor).size
  let closed = false

  function rotate(): void {
    closeSync(descriptor)
    for (let n = kept; n >= 1; n--) {
      try {
        renameSync(n === 1 ? path : `${path}.${n - 1}`, `${path}.${n}`)
      } catch {
        // not there yet
      }
    }
    descriptor = openSync(path, 'a', 0o600)
    size = 0
  }

  return {
    write(chunk: Buffer): void {
      if (closed) return
      try {
        if (size > 0 && size + chunk.length > maxBytes) rotate()
        size += writeSync(descriptor, chunk)
      } catch {
        // no space left, or the folder is gone: nothing better can be done with a log line
      }
    },
    close(): void {
      if (closed) return
      closed = true
      try {
        closeSync(descriptor)
      } catch {
        // a rotation may have failed half way
      }
    },
  }
}

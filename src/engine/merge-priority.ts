import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { DataType, load, open } from 'ffi-rs'

/** About 1/30 of the weight of a thread that takes an insert or a query; why so little: docs/decisions/0018-ingest-speed.md. */
const MERGE_NICE = 15
/** Linux's scheduling policy for what has time: <linux/sched.h>. */
const SCHED_IDLE = 5

const EVERY_MS = 5_000
/** ClickHouse makes its merge threads with the first table, soon after its start. */
const AT_FIRST_EVERY_MS = 200
const AT_FIRST_MS = 15_000

/** Keeps merges behind queries and inserts for as long as this process lives. */
export function keepMergesBehind(): void {
  const first = setInterval(lowerMergePriority, AT_FIRST_EVERY_MS)
  setTimeout(() => clearInterval(first), AT_FIRST_MS)
  setInterval(lowerMergePriority, EVERY_MS)
}

/**
 * Lowers the priority of this process's merge threads, so that queries and inserts come first when cores are short.
 *
 * A nice thread gets little of a core, but what it has it keeps until the next tick (1 to 4 ms): with merges on all cores, each batch
 * waited for some of those, as long as it worked. A thread of the policy `SCHED_IDLE` gives way at once, and its core counts
 * as free for others. Both need no right, unlike ClickHouse's own setting (`os_threads_nice_value_merge_mutate`).
 * Linux only.
 */
function lowerMergePriority(): void {
  if (process.platform !== 'linux') return
  for (const name of readdirSync('/proc/self/task')) {
    const thread = Number(name)
    try {
      const isMerge = readFileSync(`/proc/self/task/${thread}/comm`, 'latin1').trim() === 'MergeMutate'
      if (!isMerge || getPriority(thread) >= MERGE_NICE) continue
      setPriority(thread, MERGE_NICE)
      setIdle(thread)
    } catch {
      // The thread has ended meanwhile.
    }
  }
}

let hasLibc: boolean | undefined

/** Where there is no such C library, being nice must do. */
function setIdle(thread: number): void {
  try {
    if (hasLibc === undefined) {
      hasLibc = false
      open({ library: 'c', path: 'libc.so.6' })
      hasLibc = true
    }
    if (hasLibc)
      load({
        library: 'c',
        funcName: 'sched_setscheduler',
        retType: DataType.I32,
        paramsType: [DataType.I32, DataType.I32, DataType.U8Array],
        // `struct sched_param`: a priority, which must be 0.
        paramsValue: [thread, SCHED_IDLE, Buffer.alloc(4)],
      })
  } catch {
    hasLibc = false
  }
}

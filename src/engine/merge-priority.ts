import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** About 1/30 of the weight of a thread that takes an insert or a query; why so little: docs/decisions/0018-ingest-speed.md. */
const MERGE_NICE = 15

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
 * ClickHouse's own setting (`os_threads_nice_value_merge_mutate`) works with CAP_SYS_NICE only; being nice needs no right.
 * Linux only.
 */
function lowerMergePriority(): void {
  if (process.platform !== 'linux') return
  for (const name of readdirSync('/proc/self/task')) {
    const thread = Number(name)
    try {
      const isMerge = readFileSync(`/proc/self/task/${thread}/comm`, 'latin1').trim() === 'MergeMutate'
      if (isMerge && getPriority(thread) < MERGE_NICE) setPriority(thread, MERGE_NICE)
    } catch {
      // The thread has ended meanwhile.
    }
  }
}

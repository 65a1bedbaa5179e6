import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

const MERGE_NICE = 5

/**
 * Lowers the priority of this process's merge threads, so that queries and inserts come first when cores are short.
 * ClickHouse's own setting (`os_threads_nice_value_merge_mutate`) works with CAP_SYS_NICE only; being nice needs no right.
 * To be called again from time to time, since ClickHouse makes them with the first table. Linux only.
 */
export function lowerMergePriority(): void {
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

import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

const MERGE_NICE = 5

/**
 * Lowers the priority of this process's merge threads, so that queries and inserts come first when cores are short.
 * ClickHouse's own setting (`os_threads_nice_value_merge_mutate`) works with CAP_SYS_NICE only; being nice needs no right.
 * Returns how many threads are set; call again later, since ClickHouse makes them with the first table. Linux only.
 */
export function lowerMergePriority(done: Set<number>): number {
  if (process.platform !== 'linux') return 0
  for (const name of readdirSync('/proc/self/task')) {
    const thread = Number(name)
    if (done.has(thread)) continue
    try {
      if (readFileSync(`/proc/self/task/${thread}/comm`, 'latin1').trim() !== 'MergeMutate') continue
      setPriority(thread, MERGE_NICE)
      done.add(thread)
    } catch {
      // The thread has ended meanwhile.
    }
  }
  return done.size
}

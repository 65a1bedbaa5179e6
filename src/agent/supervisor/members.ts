import { readFileSync } from 'node:fs'
import type { ProcessStat } from './proc.js'
import { allProcesses, hasCookie, isAlive, readStat } from './proc.js'

export interface Leader {
  /**
   * Process id of the session's and group's leader: alive, or dead so recently that its id is not given away. Without it only
   * cgroup and cookie count.
   */
  pid?: number
  /** Of the leader. What started before it cannot come from it. */
  start?: string
  cookie: string
  cgroup?: string
}

/**
 * Every process that belongs to a leader, itself included: in its cgroup, its session or its group, or anywhere with its
 * cookie in the environment. A daemon that forks twice and opens a session of its own still has one of them, as long as
 * it does not clear its environment too.
 */
export function membersOf({ pid, start, cookie, cgroup }: Leader): ProcessStat[] {
  const inCgroup = new Set(cgroup ? cgroupProcesses(cgroup) : [])
  const since = start === undefined ? 0n : BigInt(start)
  const all = allProcesses()
  // The id has been given away: session and group of that number are not ours.
  const taken = all.some((one) => one.pid === pid && one.start !== start)
  return all.filter((one) => {
    if (inCgroup.has(one.pid)) return true
    if (BigInt(one.start) < since || one.pid === process.pid) return false
    if (pid !== undefined && !taken && (one.session === pid || one.group === pid)) return true
    return hasCookie(one.pid, cookie)
  })
}

/** Processes that lead a session and carry this cookie: what to adopt when the records are lost. */
export function leaderWith(cookie: string): ProcessStat | undefined {
  return allProcesses().find((one) => one.session === one.pid && hasCookie(one.pid, cookie))
}

function cgroupProcesses(cgroup: string): number[] {
  try {
    return readFileSync(`${cgroup}/cgroup.procs`, 'latin1').split('\n').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

export const stillThere = (members: ProcessStat[]): ProcessStat[] =>
  members.filter(({ pid, start }) => {
    const now = readStat(pid)
    return isAlive(now) && now.start === start
  })

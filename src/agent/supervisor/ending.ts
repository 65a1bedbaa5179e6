import { setTimeout as delay } from 'node:timers/promises'
import { stillThere } from './members.js'
import type { ProcessStat } from './proc.js'
import { signalExactly } from './proc.js'

const KILL_AGAIN_MS = 50
const KILL_FOR_MS = 10_000
const GRACE_MS = 5000
export const POLL_MS = 50

/**
 * Ends what a process has left behind, politely first. `others`: what turns up while that goes on. `givenUp`: the supervisor itself
 * ends, and leaves everything to the next one.
 */
export async function endLeftovers(
  left: ProcessStat[],
  others: () => ProcessStat[],
  givenUp: () => boolean,
  killTogether: () => void,
): Promise<void> {
  if (left.length === 0 || givenUp()) return
  for (const one of left) signalExactly(one, 'SIGTERM')
  const deadline = performance.now() + GRACE_MS
  let rest = left
  while ((rest = stillThere(rest)).length > 0 && performance.now() < deadline) await delay(POLL_MS)
  if (rest.length === 0) return
  killTogether()
  await killAll(() => stillThere([...rest, ...others()]), givenUp)
}

/** Kills until nothing is left. False when something does not end even so: it hangs in the kernel. */
export async function killAll(left: () => ProcessStat[], givenUp: () => boolean): Promise<boolean> {
  const deadline = performance.now() + KILL_FOR_MS
  for (let rest = left(); rest.length > 0 && !givenUp(); rest = left()) {
    if (performance.now() > deadline) return false
    for (const one of rest) signalExactly(one, 'SIGKILL')
    await delay(KILL_AGAIN_MS)
  }
  return true
}

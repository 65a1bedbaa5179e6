import { randomBytes } from 'node:crypto'
import type { CanaryCheck } from '../../../wire/canary.js'
import { inTurn } from '../turn.js'
import { openSession } from './session.js'

/** Connects, makes, reads and deletes a znode. It is ephemeral: whatever happens to us, none is left behind. */
export function checkZooKeeper(
  { servers, path }: Extract<CanaryCheck, { kind: 'zookeeper' }>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const turn = async (server: string, signal: AbortSignal) => {
    const session = await openSession(server, timeoutMs, signal)
    for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1))
      await session.ensure(path.slice(0, at))
    await session.ensure(path)
    const data = randomBytes(16)
    const made = await session.createEphemeral(`${path}/canary-`, data)
    const read = await session.read(made)
    if (!read.equals(data)) throw new Error('reading: the znode does not hold what was written')
    await session.remove(made)
    await session.close()
  }
  return inTurn(servers, timeoutMs, signal, turn)
}

import { randomUUID } from 'node:crypto'
import { MAX_TAIL_BYTES, MAX_TAILS } from '../../../wire/heartbeat.js'
import type { ActiveManager } from '../../active.js'
import { roleLogFile } from '../../generate/index.js'
import type { Role } from '../../model/index.js'
import { notFound, unavailable } from '../http/errors.js'
import type { Resources } from './ports.js'

const TIMEOUT_MS = 15_000

/** Logs stay on their hosts: the agent is asked for the end of one, with its next beat, which is held for such a moment. */
export function roleLogs({ core, runtime, receiver }: ActiveManager): Resources['roleLog'] {
  const asked = new Map<number, number>()

  return async (role, which, signal) => {
    const { hostId } = role
    const process = runtime.currentProcess(role.id)
    if (!process) throw notFound(`Role "${role.name}" has never been started: it has no log.`)
    if (!runtime.host(hostId)?.session)
      throw unavailable(`The host of role "${role.name}" has no agent that could be asked for its log.`)
    const running = asked.get(hostId) ?? 0
    if (running >= MAX_TAILS)
      throw unavailable('The agent of this host is being asked for other logs; try again in a moment.')
    asked.set(hostId, running + 1)
    try {
      const result = await receiver.command(
        hostId,
        {
          id: randomUUID(),
          kind: 'tail',
          processId: process.id,
          file: await fileOf(role, which),
          maxBytes: MAX_TAIL_BYTES,
        },
        AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      )
      if (!result.ok)
        throw notFound(
          `${result.message ?? 'The agent could not read the log.'}${which === 'full' ? ' What the role printed is at logs/stdout and logs/stderr.' : ''}`,
        )
      return result.output ?? ''
    } catch (error) {
      if ((error as Error).name === 'TimeoutError')
        throw unavailable(`The agent of the host has not answered within ${TIMEOUT_MS / 1000} s.`)
      throw error
    } finally {
      const left = (asked.get(hostId) ?? 1) - 1
      if (left > 0) asked.set(hostId, left)
      else asked.delete(hostId)
    }
  }

  async function fileOf(role: Role, which: 'full' | 'stdout' | 'stderr'): Promise<string> {
    if (which !== 'full') return which
    const found = (await core.instances()).role(role)
    return (found && roleLogFile(found.service, found.role)) ?? 'stdout'
  }
}

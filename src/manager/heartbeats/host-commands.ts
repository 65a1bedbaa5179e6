import type { AgentCommand, CommandReport } from '../../wire/heartbeat.js'

export type CommandResult = Omit<CommandReport, 'id'>

/** What hosts, by `host.id`, have still to do once. */
export interface HostCommands {
  /** Resolves with what came of it. */
  run(hostId: number, command: AgentCommand, signal?: AbortSignal): Promise<CommandResult>
  pending(hostId: number): AgentCommand[]
  reported(hostId: number, report: CommandReport): void
}

interface Waiting {
  command: AgentCommand
  done: (result: CommandResult) => void
}

export function createHostCommands(wake: (hostId: number) => void): HostCommands {
  const commands = new Map<number, Map<string, Waiting>>()
  function forget(hostId: number, id: string): void {
    const all = commands.get(hostId)
    if (all?.delete(id) && all.size === 0) commands.delete(hostId)
  }
  return {
    run(hostId, command, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const onAbort = () => {
          forget(hostId, command.id)
          reject(signal?.reason)
        }
        const done = (result: CommandResult) => {
          signal?.removeEventListener('abort', onAbort)
          resolve(result)
        }
        let all = commands.get(hostId)
        if (!all) commands.set(hostId, (all = new Map()))
        all.set(command.id, { command, done })
        signal?.addEventListener('abort', onAbort, { once: true })
        wake(hostId)
      })
    },
    pending: (hostId) => [...(commands.get(hostId)?.values() ?? [])].map((each) => each.command),
    reported(hostId, { id, ...result }) {
      const waiting = commands.get(hostId)?.get(id)
      if (!waiting) return
      forget(hostId, id)
      waiting.done(result)
    },
  }
}

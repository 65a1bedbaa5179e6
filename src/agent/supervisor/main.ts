/**
 * The supervisor's program: `node main.js FOLDER [AGENT_PID]`. One for each agent, in a session of its own, so that it and the
 * processes outlive the agent. Small on purpose: nothing is imported but what it needs to start, watch and end processes.
 */
import { appendFileSync, renameSync, statSync } from 'node:fs'
import { lockFolder } from '../lock.js'
import type { Request } from './protocol.js'
import type { ControlServer } from './server.js'
import { openControlServer } from './server.js'
import { createSupervisor, dropCookie } from './supervisor.js'

const LOG = 'supervisor.log'
const MAX_LOG_BYTES = 1024 * 1024
/** With nothing to watch and nobody to talk to, it ends after this time; the agent starts another when it needs one. */
const IDLE_MS = 60_000

const [folder = '.', agentPid] = process.argv.slice(2)

function log(message: string) {
  try {
    if ((statSync(LOG, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) renameSync(LOG, `${LOG}.1`)
    appendFileSync(LOG, `${new Date().toISOString()} ${message.slice(0, 4000)}\n`, { mode: 0o600 })
  } catch {
    // A full disk is no reason to leave processes alone.
  }
}

async function main() {
  process.umask(0o022)
  process.chdir(folder)
  dropCookie()
  const unlock = await lockFolder(folder, 'supervisor')
  let server: ControlServer | undefined
  const supervisor = createSupervisor(folder, agentPid === undefined ? undefined : Number(agentPid), {
    status: (status) => server?.broadcast({ kind: 'status', status }),
    gone: (id) => server?.broadcast({ kind: 'gone', id }),
    log,
  })
  let ending: Promise<undefined> | undefined
  const end = (hard: boolean) =>
    (ending ??= supervisor.end(hard).then(() => {
      log(hard ? 'ended, with all processes' : 'ended; the processes run on')
      setTimeout(async () => {
        await server?.close()
        await unlock()
        process.exit(0)
      }, 50)
      return undefined
    }))
  const handle = (request: Request) =>
    request.op === 'end' ? end(request.hard === true) : supervisor.handle(request)
  server = await openControlServer(handle)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(false))
  process.on('SIGHUP', () => {})
  log(`runs as process ${process.pid} and watches ${supervisor.live()} processes`)

  let idleSince = performance.now()
  setInterval(() => {
    if (supervisor.live() > 0 || (server?.connections() ?? 0) > 0) idleSince = performance.now()
    else if (performance.now() - idleSince > IDLE_MS) void end(false)
  }, 5000).unref()
}

process.on('uncaughtException', (error) => {
  // The next supervisor adopts the processes; the agent starts it when this one's socket closes.
  log(`ends after an error: ${error.stack ?? error}`)
  process.exit(1)
})

await main()

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { holderOf } from './lock.js'
import { removeFolder } from './processes/orphans.js'
import { openSupervisor } from './supervisor/index.js'

const END_MS = 20_000
const nothing = { hello() {}, status() {}, gone() {} }

/**
 * Ends the agent of a data folder if it runs, then all its role processes in good order, then the supervisor. What the manager
 * wants is still held: an agent that is started again starts the processes again. Rejects when the agent does not end.
 */
export async function hardStop(dataDir: string, logger: Logger): Promise<void> {
  const pid = await holderOf(dataDir, 'agent')
  if (pid !== undefined) {
    logger.info({ pid }, 'Ending the agent')
    process.kill(pid, 'SIGTERM')
    const deadline = Date.now() + END_MS
    while ((await holderOf(dataDir, 'agent')) !== undefined) {
      if (Date.now() > deadline)
        throw new Error(`the agent (process ${pid}) does not end; kill it and try again`)
      await delay(50)
    }
  }
  await endProcesses(dataDir, logger)
}

/** Stops every process of the data folder, also those that a supervisor which is gone has left. */
export async function endProcesses(dataDir: string, logger: Logger): Promise<void> {
  const folder = join(dataDir, 'supervisor')
  const records = await readdir(join(folder, 'processes')).catch((): string[] => [])
  const runs = (await holderOf(folder, 'supervisor')) !== undefined
  if (!runs && !records.some((name) => name.endsWith('.json'))) return
  const client = await openSupervisor(folder, nothing)
  logger.info({ processes: client.hello.processes.length }, 'Stopping all processes')
  await client.ask({ op: 'end', hard: true })
  await client.closed
  await gone(folder, 'supervisor')
}

async function gone(folder: string, holder: 'agent' | 'supervisor') {
  const deadline = performance.now() + END_MS
  for (let pid = await holderOf(folder, holder); pid !== undefined; pid = await holderOf(folder, holder)) {
    if (performance.now() > deadline)
      throw new Error(`the ${holder} (process ${pid}) does not end; kill it and try again`)
    await delay(25)
  }
}

/** For a clean start: no process runs, and nothing of earlier ones is left but the note of which commands have been run. */
export async function cleanUp(dataDir: string, processDir: string, logger: Logger): Promise<void> {
  await endProcesses(dataDir, logger)
  await rm(join(dataDir, 'supervisor'), { recursive: true, force: true })
  await rm(join(dataDir, 'files'), { recursive: true, force: true })
  await rm(join(dataDir, 'desired.json'), { force: true })
  for (const name of await readdir(processDir).catch((): string[] => []))
    if (/^(\d+-|\.(new|old|gone)-)/.test(name)) await removeFolder(processDir, name)
}

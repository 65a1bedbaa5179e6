import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { endProcesses } from '../../src/agent/hard-stop.js'
import type { Agent } from '../../src/agent/index.js'
import { startAgent } from '../../src/agent/index.js'
import { runs } from '../../src/agent/supervisor/proc.js'
import type { StandIn } from './manager-stand-in.js'
import { recordingLogger, silent, temporaryFolder, until } from './support.js'

export interface ManagedAgent {
  agent: Agent
  dataDir: string
  lines: { level: number; msg: string }[]
  folder(id: number): string
  /** What a process has written to stdout. */
  log(id: number, file?: string): string
  mode(path: string): number
  runs(pid: number): boolean
  supervisorPid(): number | undefined
}

/** Nothing that a test started is left when it ends: the supervisor and its processes outlive the agent on purpose. */
export function dataFolder(): string {
  const dataDir = temporaryFolder()
  // Processes of other users live in it.
  chmodSync(dataDir, 0o755)
  onTestFinished(() => endProcesses(dataDir, silent))
  return dataDir
}

const processFolder = (dataDir: string, id: number) => join(dataDir, 'process', `${id}-test1-SERVER`)

export function lookInto(dataDir: string) {
  return {
    folder: (id: number) => processFolder(dataDir, id),
    log(id: number, file = 'stdout.log') {
      const path = join(processFolder(dataDir, id), 'logs', file)
      return existsSync(path) ? readFileSync(path, 'utf8') : ''
    },
    mode: (path: string) => statSync(path).mode & 0o7777,
    runs: (pid: number) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
        return runs(pid, stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!)
      } catch {
        return false
      }
    },
    supervisorPid() {
      const path = join(dataDir, 'supervisor/supervisor.lock')
      return existsSync(path) ? Number(readFileSync(path, 'utf8').split(' ')[0]) : undefined
    },
  }
}

/** An agent in this process; its supervisor and processes are real ones. */
export async function startManagedAgent(
  manager: Pick<StandIn, 'url'> | string[],
  more: object = {},
  dataDir = dataFolder(),
): Promise<ManagedAgent> {
  const { lines, logger } = recordingLogger()
  const agent = await startAgent({
    dataDir,
    statusPort: -1,
    managerUrls: Array.isArray(manager) ? manager : [manager.url],
    managerBackOffMs: 300,
    logger,
    ...more,
  })
  onTestFinished(() => agent.stop())
  return { agent, dataDir, lines, ...lookInto(dataDir) }
}

/** The built agent as a process of its own, to be killed. */
export async function spawnAgent(
  dataDir: string,
  manager: Pick<StandIn, 'url'>,
  more: object = {},
  before: string[] = [],
): Promise<ChildProcess> {
  const options = {
    dataDir,
    statusPort: -1,
    managerUrls: [manager.url],
    managerBackOffMs: 300,
    ...more,
  }
  const script = new URL('./run-agent.mjs', import.meta.url).pathname
  const [command, ...words] = [...before, process.execPath, script, JSON.stringify(options)]
  const child = spawn(command!, words, {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout!.on('data', (chunk) => (output += chunk))
  await until(() => output.startsWith('started') || child.exitCode !== null, 'the agent to start')
  return child
}

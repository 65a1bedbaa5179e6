/** A program under test: started with a log file, ended by its process id however the benchmark ends. */
import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process'
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { withDescendants } from './usage.js'

const running = new Set<ChildProcess>()

export interface Program {
  pid: number
  /** Rejects with the end of the log when the program ends by itself. */
  ended: Promise<never>
  stop(): Promise<void>
}

export function startProgram(
  command: string,
  args: string[],
  log: string,
  env: Record<string, string> = {},
): Program {
  const fd = openSync(log, 'a')
  // A channel that is cut when this process ends, however it ends: a Node program under test that watches it ends with us.
  const node = command === process.execPath
  const stdio = ['pipe', fd, fd, ...(node ? ['ipc' as const] : [])] satisfies StdioOptions
  const child = spawn(command, args, { stdio, env: { ...process.env, ...env } })
  closeSync(fd)
  running.add(child)
  const gone = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message))
    child.on('exit', (code, signal) => resolve(`it ended with ${signal ?? code}`))
  }).finally(() => running.delete(child))
  const ended = gone.then((why) => {
    throw new Error(`${command}: ${why}\n${readFileSync(log, 'utf8').slice(-2000)}`)
  })
  ended.catch(() => {})
  return {
    pid: child.pid ?? 0,
    ended,
    async stop() {
      if (!running.has(child) || child.pid === undefined) return
      const family = withDescendants(child.pid)
      child.kill('SIGTERM')
      const polite = await Promise.race([gone.then(() => true), sleep(30_000, false, { ref: false })])
      if (!polite) child.kill('SIGKILL')
      await gone
      await untilGone(family)
    },
  }
}

/** Runs a program to its end, whatever its code, and gives what it has printed. */
export function runToEnd(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(child)
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        said += chunk
      })
    child.on('error', reject)
    child.on('close', () => {
      running.delete(child)
      resolve(said)
    })
  })
}

/** Kills what still runs, at once: for the way out on an error or a signal. */
export function killAll(): void {
  for (const child of running) {
    if (child.pid === undefined) continue
    for (const pid of withDescendants(child.pid).reverse()) kill(pid)
  }
}

/** Children of the program go by themselves; one that does not within 2 s is killed, so that nothing is left running. */
async function untilGone(pids: number[]): Promise<void> {
  const names = new Map(pids.map((pid) => [pid, startTime(pid)]))
  const alive = () => pids.filter((pid) => isSame(pid, names))
  for (let i = 0; i < 100 && alive().length > 0; i++) {
    if (i === 40) alive().forEach(kill)
    await sleep(50)
  }
}

const isSame = (pid: number, names: Map<number, string>) =>
  names.get(pid) !== '' && startTime(pid) === names.get(pid)

/** Field 22 of /proc/PID/stat: with the id it names one process for good. Empty when there is none, or a zombie. */
function startTime(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? '' : (fields[19] ?? '')
  } catch {
    return ''
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // already gone
  }
}

/** A port of the loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(address && typeof address === 'object' ? address.port : 0))
    })
  })
}

/** Finds a program by the environment variable that names it, else in PATH; undefined when it is not installed. */
export function findProgram(name: string, variable: string): string | undefined {
  const named = process.env[variable]
  const candidates = named ? [named] : (process.env.PATH ?? '').split(delimiter).map((p) => join(p, name))
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** The version of the Debian package that a program belongs to; undefined when it came another way. */
export function packageVersion(binary: string, name: string): string | undefined {
  if (!binary.startsWith('/usr/')) return undefined
  const { status, stdout } = spawnSync('dpkg-query', ['-s', name], { encoding: 'utf8' })
  return status === 0 ? /^Version: (.+)$/m.exec(stdout)?.[1] : undefined
}

/** What a program prints when it is run with `args`, both streams. */
export function outputOf(command: string, args: string[]): string {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 })
  return `${stdout}${stderr}`
}

/** Tries until `probe` gives true; fails when the program ends or after `seconds`. */
export async function untilReady(
  program: Program,
  probe: () => Promise<boolean>,
  seconds = 60,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000
  while (performance.now() < deadline) {
    if (await Promise.race([probe().catch(() => false), program.ended])) return
    await sleep(50)
  }
  throw new Error(`process ${program.pid} was not ready within ${seconds} s`)
}

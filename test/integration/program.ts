import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TimeSeriesResponse } from '../../src/wire/timeseries.js'
import { freePort } from '../ports.js'

export { freePort }

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface Program {
  process: ChildProcess
  /** Everything printed so far, both streams. */
  output(): string
  /** Resolves with the exit code (or signal) once the program has ended. */
  exited: Promise<number | NodeJS.Signals>
}

/** Starts `bellwether …` from dist/, as a person would. */
export function startProgram(args: string[], env: Record<string, string> = {}): Program {
  if (!existsSync(main)) throw new Error('dist/ is missing: npm run build')
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('BELLWETHER_')),
  )
  const child = spawn(process.execPath, [main, ...args], {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout?.on('data', (chunk) => (output += chunk))
  child.stderr?.on('data', (chunk) => (output += chunk))
  const exited = new Promise<number | NodeJS.Signals>((resolve) =>
    child.on('exit', (code, signal) => resolve(signal ?? code ?? 0)),
  )
  return { process: child, output: () => output, exited }
}

/** Waits until `check` gives something else than undefined or false; fails with `what` and `detail()` after the bound. */
export async function eventually<T>(
  what: string,
  check: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 60_000, everyMs = 100, detail = (): string => '' } = {},
): Promise<T> {
  const end = Date.now() + timeoutMs
  let last: unknown
  while (Date.now() < end) {
    try {
      const value = await check()
      if (value !== undefined && value !== false) return value
      last = value
    } catch (error) {
      last = error
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
  throw new Error(`${what}: not within ${timeoutMs / 1000} s (last: ${last}) ${detail()}`)
}

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'bellwether-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) }
}

/** Process ids of all descendants of a process, from /proc. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      children.set(parent, [...(children.get(parent) ?? []), Number(name)])
    } catch {
      // ended in between
    }
  }
  const found: number[] = []
  const walk = (parent: number) => {
    for (const child of children.get(parent) ?? []) {
      found.push(child)
      walk(child)
    }
  }
  walk(pid)
  return found
}

export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z'
  } catch {
    return false
  }
}

export interface Up extends Program {
  url: string
  monitorUrl: string
  data: string
}

/** Starts `bellwether up` on free ports and waits until it has printed its address. */
export async function startUp(
  data: string,
  options: { args?: string[]; env?: Record<string, string> } = {},
): Promise<Up> {
  const [port, monitorPort] = [await freePort(), await freePort()]
  const args = [
    'up',
    '--data',
    data,
    '--port',
    `${port}`,
    '--monitor-port',
    `${monitorPort}`,
    '--interval',
    '1s',
  ]
  const program = startProgram([...args, ...(options.args ?? [])], options.env)
  const match = await eventually(
    'the address',
    () => /runs at (http:\S+)/.exec(program.output()) ?? undefined,
    {
      timeoutMs: 110_000,
      detail: program.output,
    },
  )
  return {
    ...program,
    url: match[1]!.replace(/\/$/, ''),
    monitorUrl: `http://127.0.0.1:${monitorPort}`,
    data,
  }
}

/** Ends a program in good order, by force if it does not end. */
export async function stopProgram({ process, exited }: Program): Promise<number | NodeJS.Signals> {
  if (process.exitCode === null && process.signalCode === null) process.kill('SIGINT')
  const timer = setTimeout(() => process.kill('SIGKILL'), 30_000)
  const code = await exited
  clearTimeout(timer)
  return code
}

/** Asks a query of a running Bellwether; `[entity name, values]` for each stream. */
export async function ask(url: string, query: string, from = 'now-1h'): Promise<[string, number[]][]> {
  const response = await fetch(`${url}/api/v45/timeseries?${new URLSearchParams({ query, from })}`)
  const body = (await response.json()) as TimeSeriesResponse
  if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(body)}`)
  return body.items.flatMap((item) =>
    item.timeSeries.map((stream): [string, number[]] => [
      stream.metadata.entityName,
      stream.data.map((point) => point.value),
    ]),
  )
}

/** The API as its first administrator. */
export function adminOf({ url, data }: Up) {
  const password = readFileSync(join(data, 'manager', 'admin-password'), 'utf8').trim()
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`
  return async (method: string, path: string, body?: object) => {
    const response = await fetch(`${url}/api/v45${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return JSON.parse(text)
  }
}

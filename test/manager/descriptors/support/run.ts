import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Process } from '../../../../src/manager/generate/index.js'
import { freePort } from '../../../ports.js'

/** Writes the files of a process into a directory, as an agent does. */
export function materialise(process: Process, directory: string): void {
  mkdirSync(join(directory, 'logs'), { recursive: true })
  for (const file of process.files) {
    const path = join(directory, file.path)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, file.contents)
    chmodSync(path, file.mode)
  }
}

export interface Started {
  readonly child: ChildProcess
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>
  output(): string
}

/** Starts a process in its directory with nothing but its own environment and a search path. */
export function start(wanted: Process, directory: string): Started {
  const child = spawn(join(directory, wanted.program), wanted.args, {
    cwd: directory,
    env: { PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`, ...wanted.environment },
    // A command that reads its input must find it at its end, and not wait.
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  child.stdout!.on('data', (chunk) => (text += chunk))
  child.stderr!.on('data', (chunk) => (text += chunk))
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  return { child, ended, output: () => text }
}

export async function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort))
}

/** Calls until it gives something, or throws with `what` and the last failure after the time. */
export async function eventually<T>(
  what: () => string,
  attempt: () => Promise<T | undefined>,
  milliseconds: number,
): Promise<T> {
  const end = Date.now() + milliseconds
  let failure: unknown
  while (Date.now() < end) {
    try {
      const result = await attempt()
      if (result !== undefined) return result
    } catch (error) {
      failure = error
    }
    await new Promise((done) => setTimeout(done, 200))
  }
  throw new Error(`${what()} (${failure ?? 'nothing'})`)
}

export function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

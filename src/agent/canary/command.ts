import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import type { Launch } from '../supervisor/index.js'
import { prepareCommand } from '../supervisor/index.js'

/** Of what a command says, so much is kept of its end. */
const KEPT_BYTES = 2048
const LAST_WORDS_MS = 250

/**
 * Runs a command as the role's user, in its folder and environment, and waits for its end. Throws unless that is code 0. The
 * signal kills it with its whole process group; so does its end, for what it has left behind.
 */
export async function checkCommand(launch: Launch, signal: AbortSignal): Promise<void> {
  const prepared = await prepareCommand(launch)
  if ('code' in prepared) throw new Error(prepared.message)
  signal.throwIfAborted()
  const child = spawn(prepared.file, prepared.args, {
    cwd: launch.folder,
    env: prepared.environment,
    // A group of its own.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = Buffer.alloc(0)
  const keep = (chunk: Buffer) => {
    output = Buffer.concat([output, chunk]).subarray(-KEPT_BYTES)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const ended = new Promise<string | undefined>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      resolve(code === 0 ? undefined : signal ? `ended by ${signal}` : `exit code ${code}`),
    )
  })
  const kill = () => {
    if (child.pid === undefined) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // Nobody of it is left.
    }
  }
  signal.addEventListener('abort', kill, { once: true })
  if (signal.aborted) kill()
  try {
    const problem = await ended
    kill()
    await Promise.race([closed, delay(LAST_WORDS_MS)])
    if (problem !== undefined) throw new Error([problem, lastLine(output)].filter(Boolean).join(': '))
  } finally {
    signal.removeEventListener('abort', kill)
    child.stdout.destroy()
    child.stderr.destroy()
  }
}

function lastLine(output: Buffer): string {
  const lines = output
    .toString('utf8')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a program says goes to logs and pages
    .replace(/[\x00-\x09\x0b-\x1f\x7f]/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
  return (lines.at(-1) ?? '').trim().slice(0, 300)
}

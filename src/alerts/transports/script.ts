import { spawn } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Message } from '../core/index.js'
import { renderScriptJson } from '../render/index.js'
import type { ScriptReceiver } from '../settings/index.js'
import { type Failure, reasonOf, type SendContext, type Transport } from './transport.js'

const MAX_OUTPUT = 4_096

/**
 * Runs a script for each message, with one argument: the path of a JSON file with its alerts. No shell, and none of our own
 * environment but what programs need to run. Exit code 0 means delivered; anything else is tried again.
 */
export function createScript(receiver: ScriptReceiver, folder: string): Transport {
  return {
    async send(message, context) {
      // Of this attempt alone: a child of the last one that outlived it may still read the old file.
      const path = join(folder, `${message.id}-${process.pid}-${context.attempt}.json`)
      try {
        await writeAlerts(folder, path, message, context)
      } catch (error) {
        const reason = `the file for the script cannot be written: ${reasonOf(error)}`
        return { delivered: [], failures: [{ part: '', reason, kind: 'away', uncertain: false }] }
      }
      const failure = await execute(receiver, path, context.signal)
      await rm(path, { force: true }).catch(() => undefined)
      return failure ? { delivered: [], failures: [failure] } : { delivered: ['script'], failures: [] }
    },
    close: () => undefined,
  }
}

async function writeAlerts(folder: string, path: string, message: Message, { repeat }: SendContext) {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await rm(path, { force: true })
  await writeFile(path, `${JSON.stringify(renderScriptJson(message, repeat), null, 1)}\n`, {
    mode: 0o600,
    flag: 'wx',
  })
}

function execute(
  { path: script, timeoutMs }: ScriptReceiver,
  argument: string,
  signal: AbortSignal,
): Promise<Failure | undefined> {
  return new Promise((resolve) => {
    const { PATH, HOME, LANG, LC_ALL, TZ, USER, LOGNAME } = process.env
    const env = Object.fromEntries(
      Object.entries({ PATH, HOME, LANG, LC_ALL, TZ, USER, LOGNAME }).filter(
        ([, value]) => value !== undefined,
      ),
    )
    // A group of its own, so that what the script started ends with it.
    const child = spawn(script, [argument], {
      shell: false,
      detached: true,
      env,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    const read = (chunk: Buffer) => {
      if (output.length < MAX_OUTPUT) output += chunk.toString('utf8', 0, MAX_OUTPUT)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    let ended = false
    const end = (failure: Failure | undefined) => {
      if (ended) return
      ended = true
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
      child.stdout.destroy()
      child.stderr.destroy()
      resolve(failure)
    }
    const failed = (reason: string, uncertain: boolean): Failure => ({
      part: '',
      reason: reasonOf(output === '' ? reason : `${reason}: ${output}`),
      kind: 'later',
      uncertain,
    })
    const kill = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // it has ended
      }
    }
    const timer = setTimeout(() => {
      kill()
      end(failed(`${script} did not end within ${timeoutMs / 1000} s and was killed`, true))
    }, timeoutMs)
    const onAbort = () => {
      kill()
      end(failed('the publisher is stopping', true))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    child.on('error', (error) => end(failed(`${script} cannot be run: ${error.message}`, false)))
    // Not 'close': a child of the script that holds its output open must not hold up the delivery.
    child.on('exit', (code, by) => {
      // What the script printed last may still be in the pipe.
      setTimeout(
        () => end(code === 0 ? undefined : failed(`${script} ended with ${by ?? `exit code ${code}`}`, true)),
        code === 0 ? 0 : 50,
      )
    })
  })
}

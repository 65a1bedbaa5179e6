import { randomBytes } from 'node:crypto'
import type { CanaryCheck, DesiredCanary } from '../../wire/canary.js'
import type { Launch } from '../supervisor/index.js'
import { checkCommand } from './command.js'
import { checkHttp } from './http.js'
import { messageOf } from './turn.js'
import { checkWebHdfs } from './webhdfs.js'
import { checkZooKeeper } from './zookeeper/check.js'

export interface Outcome {
  ok: boolean
  durationMs: number
  message?: string
}

export interface Run {
  /** Comes within the canary's time, and never rejects. */
  outcome: Promise<Outcome>
  /** When nothing of it is left running: what hangs in the kernel may outlast being killed. */
  settled: Promise<void>
}

/**
 * Writes with O_EXCL, reads back, deletes. `$1` is the folder, `$2` the name, `$3` the content. One that was killed leaves its file,
 * which the next one removes.
 */
const FILE_SCRIPT = `set -eu
f="$1/$2"
rm -f -- "$f"
set -C
trap 'rm -f -- "$f"' EXIT
printf '%s' "$3" >"$f"
sync "$f" 2>/dev/null || :
[ "$(cat -- "$f")" = "$3" ] || { echo "the file does not hold what was written" >&2; exit 1; }
rm -- "$f"
trap - EXIT`

/**
 * Runs a canary once. `launch`: what the role's process was started with, for its user, environment and folder.
 *
 * @example
 * const { outcome } = runCanary(canary, launch, AbortSignal.timeout(60_000))
 * if (!(await outcome).ok) …
 */
export function runCanary(canary: DesiredCanary, launch: Launch, signal: AbortSignal): Run {
  const began = performance.now()
  const time = AbortSignal.timeout(canary.timeoutMs)
  const either = AbortSignal.any([signal, time])
  const check = checkOf(canary.check, canary.timeoutMs, launch, either)
  const durationMs = () => Math.round((performance.now() - began) * 1000) / 1000
  const failed = (error: unknown): Outcome => ({
    ok: false,
    durationMs: durationMs(),
    message: (time.aborted ? `no result within ${canary.timeoutMs} ms` : messageOf(error)).slice(0, 1000),
  })
  const late = new Promise<Outcome>((resolve) => {
    either.addEventListener('abort', () => resolve(failed(either.reason)), { once: true })
  })
  const done = check.then((): Outcome => ({ ok: true, durationMs: durationMs() }), failed)
  return { outcome: Promise.race([done, late]), settled: done.then(() => undefined) }
}

async function checkOf(
  check: CanaryCheck,
  timeoutMs: number,
  launch: Launch,
  signal: AbortSignal,
): Promise<void> {
  switch (check.kind) {
    case 'command':
      return checkCommand({ ...launch, program: check.program, args: check.args }, signal)
    case 'file': {
      // By a process that can be killed and that runs as the role's user: a dead file server holds no thread of ours, and no
      // link in a folder of others is followed with our rights.
      const name = `.bellwether-canary-${launch.name.replace(/^\d+-/, '')}`
      const args = ['-c', FILE_SCRIPT, 'sh', check.folder, name, randomBytes(8).toString('hex')]
      return checkCommand({ ...launch, program: '/bin/sh', args }, signal)
    }
    case 'http':
      return checkHttp(check, signal)
    case 'zookeeper':
      return checkZooKeeper(check, timeoutMs, signal)
    case 'webhdfs':
      return checkWebHdfs(check, timeoutMs, signal)
  }
}

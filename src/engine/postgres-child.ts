/**
 * Stands between this program and the embedded PostgreSQL, which would live on when its parent dies: starts it, and ends it
 * when standard input ends, however that comes.
 *
 *   node postgres-child.js UID GID PROGRAM ARGUMENT…      (`-` for a uid and gid that are not to change)
 *
 * Says `pid N` on standard output once it runs. What PostgreSQL writes goes to standard error.
 */
import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'

const [uid = '-', gid = '-', program = '', ...args] = process.argv.slice(2)

/** SIGINT: fast shutdown, which keeps everything and breaks connections; SIGQUIT: at once, with a recovery at the next start. */
const ENDING = [
  { signal: 'SIGINT', after: 0 },
  { signal: 'SIGQUIT', after: 8_000 },
  { signal: 'SIGKILL', after: 13_000 },
] as const

const server = spawn(program, args, {
  stdio: ['ignore', 'inherit', 'inherit'],
  env: process.env,
  ...(uid === '-' ? {} : { uid: Number(uid), gid: Number(gid) }),
})
server.once('error', (error) => {
  say(2, `cannot be run: ${error.message}`)
  process.exit(127)
})
server.once('exit', (code, signal) => {
  if (signal) say(2, `ended by ${signal}`)
  process.exit(code ?? 1)
})
if (server.pid !== undefined) say(1, `pid ${server.pid}`)

let ending = false
function end(): void {
  if (ending) return
  ending = true
  for (const { signal, after } of ENDING) setTimeout(() => server.kill(signal), after)
}
process.stdin.on('end', end).on('error', end).on('close', end).resume()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end)

/** A parent that is gone must not end this before it has ended the server. */
function say(fd: number, text: string): void {
  try {
    writeSync(fd, `${text}\n`)
  } catch {}
}

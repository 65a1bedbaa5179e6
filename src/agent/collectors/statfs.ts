import { spawn } from 'node:child_process'
import { statfs } from 'node:fs/promises'

/** Of a file system; bytes, and inodes (0 where the file system makes them on demand). */
export interface FileSystemStats {
  capacity: number
  used: number
  /** For users other than root. */
  free: number
  inodes: number
  inodesFree: number
}

/**
 * Asks for several file systems at once. Resolves with those that answered; one that cannot be read is left out. May never
 * resolve when a file system hangs; the signal asks it to give up, which the kernel may not allow.
 */
export type StatFs = (mountpoints: string[], signal: AbortSignal) => Promise<Map<string, FileSystemStats>>

/**
 * statfs by the `stat` command: a call that hangs in a dead file server then costs a process and not a thread of ours, of
 * which there are four; and the process can be killed, or left behind. Rejects with ENOENT where there is no such command.
 */
export const statfsByCommand: StatFs = (mountpoints, signal) =>
  new Promise((resolve, reject) => {
    const child = spawn('stat', ['-f', '-c', '%S %b %f %a %c %d %n', '--', ...mountpoints], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' },
      cwd: '/',
      signal,
      killSignal: 'SIGKILL',
    })
    child.unref()
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    let failure: Error | undefined
    child.on('error', (error) => {
      failure = error
      if (child.pid === undefined) reject(error)
    })
    child.on('close', () => (failure ? reject(failure) : resolve(parseStat(text))))
  })

/** Lines of `stat -f` in the format above; other lines are left out. */
export function parseStat(text: string): Map<string, FileSystemStats> {
  const answers = new Map<string, FileSystemStats>()
  for (const line of text.split('\n')) {
    const match = /^(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (.+)$/.exec(line)
    if (!match) continue
    const [size, blocks, free, available, inodes, inodesFree] = match.slice(1, 7).map(Number)
    answers.set(match[7]!, statsOf(size!, blocks!, free!, available!, inodes!, inodesFree!))
  }
  return answers
}

function statsOf(
  size: number,
  blocks: number,
  free: number,
  available: number,
  inodes: number,
  inodesFree: number,
): FileSystemStats {
  return {
    capacity: blocks * size,
    used: (blocks - free) * size,
    free: available * size,
    inodes,
    inodesFree,
  }
}

/** statfs on a thread of this process: only for local file systems, and only where there is no `stat` command. */
export const statfsInProcess: StatFs = async (mountpoints, signal) => {
  const answers = new Map<string, FileSystemStats>()
  for (const mountpoint of mountpoints) {
    if (signal.aborted) break
    try {
      const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(mountpoint)
      answers.set(mountpoint, statsOf(bsize, blocks, bfree, bavail, files, ffree))
    } catch {
      // Not readable: left out, as promised.
    }
  }
  return answers
}

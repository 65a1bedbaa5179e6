import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path'
import type { Account } from './account.js'
import type { Problem } from './protocol.js'

/** Checks, before a process is made, that the program can be executed by the account: execve(2) would only say 127. */
export function findProgram(
  program: string,
  folder: string,
  path: string,
  account: Account,
): string | Problem {
  const cannot = (message: string): Problem => ({ code: 'CANNOT_EXECUTE', message: `${program}: ${message}` })
  const candidates =
    isAbsolute(program) || program.includes('/')
      ? [resolve(folder, program)]
      : path.split(delimiter).map((one) => join(one || '.', program))
  const file = candidates.find((one) => mode(one) !== undefined)
  if (file === undefined)
    return cannot(program.includes('/') ? 'there is no such file' : `not found in PATH (${path})`)
  const stat = mode(file)!
  if (!stat.isFile()) return cannot('is not a file')
  if (!may(stat, account, 1)) return cannot('is not executable for its user (chmod +x)')
  const closed = parents(file).find((one) => !may(mode(one), account, 1))
  if (closed !== undefined) return cannot(`its user may not enter the folder ${closed}`)
  const interpreter = interpreterOf(file)
  if (interpreter !== undefined && mode(interpreter) === undefined)
    return cannot(`its first line names ${interpreter}, which is not there`)
  return file
}

/** A folder on the way that the account may not enter: the process would have no working directory. */
export function closedFolder(folder: string, account: Account): string | undefined {
  return [...parents(join(folder, 'x'))].find((one) => !may(mode(one), account, 1))
}

const mode = (path: string) => {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

function parents(path: string): string[] {
  const found: string[] = []
  for (let one = dirname(path); ; one = dirname(one)) {
    found.push(one)
    if (one === dirname(one)) return found.reverse()
  }
}

function may(stat: ReturnType<typeof mode>, { uid, gid, groups }: Account, bit: number): boolean {
  if (!stat) return false
  if (uid === 0) return stat.isDirectory() || (stat.mode & 0o111) !== 0
  if (stat.uid === uid) return (stat.mode & (bit << 6)) !== 0
  if (stat.gid === gid || groups.includes(stat.gid)) return (stat.mode & (bit << 3)) !== 0
  return (stat.mode & bit) !== 0
}

function interpreterOf(file: string): string | undefined {
  const start = Buffer.alloc(256)
  try {
    accessSync(file, constants.R_OK)
    const fd = openSync(file, 'r')
    try {
      readSync(fd, start, 0, 256, 0)
    } finally {
      closeSync(fd)
    }
  } catch {
    return undefined
  }
  return /^#!\s*(\/[^\s\0]+)/.exec(start.toString('latin1'))?.[1]
}

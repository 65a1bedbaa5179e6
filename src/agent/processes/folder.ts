import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { chmod, chown, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { DesiredDirectory, DesiredFile } from '../../wire/heartbeat.js'
import type { Account } from '../supervisor/account.js'
import { accountOf } from '../supervisor/account.js'
import type { Problem } from '../supervisor/index.js'

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants
const FOLDER_MODE = 0o751

export interface WrittenFile {
  file: DesiredFile
  content: Buffer
}

/**
 * Makes a process's folder with its files, `logs/` and owner. All of it is written under another name, in a folder that only
 * we can enter, and renamed at the end: a process never sees a half of it, and no link of its user can lead us astray. A folder
 * of that name that is there already is set aside.
 */
export async function writeFolder(
  root: string,
  name: string,
  files: readonly WrittenFile[],
  account: Account,
): Promise<string> {
  await mkdir(root, { recursive: true, mode: 0o755 })
  const target = join(root, name)
  const staging = join(root, `.new-${name}`)
  await rm(staging, { recursive: true, force: true })
  try {
    await mkdir(staging, { mode: 0o700 })
    const folders = new Set(['logs'])
    for (const { file } of files)
      for (let one = dirname(file.path); one !== '.'; one = dirname(one)) folders.add(one)
    for (const one of [...folders].sort()) await makeFolder(join(staging, one), account)
    for (const { file, content } of files) {
      const handle = await open(join(staging, file.path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
      await fill(handle, file, content, account)
    }
    await own(staging, account)
    await chmod(staging, FOLDER_MODE)
    await rename(target, join(root, `.old-${name}-${randomBytes(4).toString('hex')}`)).catch(ignoreMissing)
    await rename(staging, target)
    return target
  } catch (error) {
    await rm(staging, { recursive: true, force: true }).catch(() => {})
    throw error
  }
}

/** Replaces files in a folder that a process runs in, one after another and each as a whole. Follows no links. */
export async function rewriteFiles(
  folder: string,
  files: readonly WrittenFile[],
  account: Account,
): Promise<void> {
  for (const { file, content } of files) {
    const parts = file.path.split('/')
    const name = parts.pop()!
    const handle = await enter(folder, parts, account)
    try {
      const at = (one: string) => `/proc/self/fd/${handle.fd}/${one}`
      const temporary = `.new-${randomBytes(6).toString('hex')}`
      try {
        const out = await open(at(temporary), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
        await fill(out, file, content, account)
        await rename(at(temporary), at(name))
      } catch (error) {
        await rm(at(temporary), { force: true }).catch(() => {})
        throw error
      }
    } finally {
      await handle.close()
    }
  }
}

async function enter(folder: string, parts: string[], account: Account): Promise<FileHandle> {
  let handle = await open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
  for (const part of parts) {
    const path = `/proc/self/fd/${handle.fd}/${part}`
    try {
      await mkdir(path, { mode: FOLDER_MODE }).then(
        () => own(path, account),
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error
        },
      )
      const next = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
      await handle.close()
      handle = next
    } catch (error) {
      await handle.close()
      throw error
    }
  }
  return handle
}

async function fill(handle: FileHandle, file: DesiredFile, content: Buffer, account: Account) {
  try {
    await handle.writeFile(content)
    const { uid, gid } = account
    if (process.getuid!() === 0) await handle.chown(file.owner === 'agent' ? 0 : uid, gid)
    await handle.chmod(Number.parseInt(file.mode, 8))
  } finally {
    await handle.close()
  }
}

async function makeFolder(path: string, account: Account) {
  await mkdir(path, { recursive: true })
  await own(path, account)
  await chmod(path, FOLDER_MODE)
}

async function own(path: string, { uid, gid }: Account) {
  if (process.getuid!() === 0) await chown(path, uid, gid)
}

/** Makes data and log folders that are missing; those that exist are left as they are. */
export async function makeDirectories(
  directories: readonly DesiredDirectory[],
  account: Account,
): Promise<Problem | undefined> {
  for (const { path, mode, user, group } of directories) {
    const there = await stat(path).catch(() => undefined)
    if (there?.isDirectory()) continue
    if (there) return { code: 'NOT_A_FOLDER', message: `${path} is to be a folder, and is something else` }
    const owner = user === undefined && group === undefined ? account : await accountOf(user, group)
    if ('code' in owner) return { ...owner, message: `${path}: ${owner.message}` }
    await mkdir(dirname(path), { recursive: true, mode: 0o755 })
    const made = await mkdir(path, { mode: 0o700 }).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false
        throw error
      },
    )
    if (!made) continue
    await own(path, owner)
    await chmod(path, Number.parseInt(mode, 8))
  }
  return undefined
}

function ignoreMissing(error: NodeJS.ErrnoException) {
  if (error.code !== 'ENOENT') throw error
}

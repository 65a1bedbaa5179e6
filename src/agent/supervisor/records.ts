import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Launch, Status } from './protocol.js'

/** What is kept of a process, so that the next supervisor knows it. */
export interface Record {
  /** Makes the process's cookie unique. */
  cookie: string
  bootId: string
  launch: Launch
  status: Status
  /** Ends within the start window, in a row. */
  quickExits: number
  /** Times of exits that nobody asked for, the last ten minutes'. */
  crashes: readonly number[]
}

export interface Records {
  /** Those that can be read; the others are set aside as `<id>.bad`. */
  load(): { records: Record[]; bad: string[] }
  /** On the disk when it returns: `durable` survives a power cut, otherwise only our own end. */
  save(record: Record, durable?: boolean): void
  remove(id: number): void
}

export function openRecords(folder: string): Records {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const pathOf = (id: number) => join(folder, `${id}.json`)
  return {
    load() {
      const records: Record[] = []
      const bad: string[] = []
      for (const file of readdirSync(folder)) {
        if (!/^\d+\.json$/.test(file)) continue
        const path = join(folder, file)
        const record = read(path)
        if (record && `${record.launch.id}.json` === file) records.push(record)
        else {
          bad.push(file)
          renameSync(path, path.replace(/json$/, 'bad'))
        }
      }
      return { records: records.sort((a, b) => a.launch.id - b.launch.id), bad }
    },
    save(record, durable = false) {
      const path = pathOf(record.launch.id)
      const temporary = `${path}.tmp`
      const fd = openSync(temporary, 'w', 0o600)
      try {
        // All of it or an error: a disk that fills up takes a part of a single write, and says nothing.
        writeFileSync(fd, JSON.stringify(record))
        if (durable) fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
      renameSync(temporary, path)
    },
    remove(id) {
      rmSync(pathOf(id), { force: true })
    },
  }
}

function read(path: string): Record | undefined {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as Record
    const { launch, status, cookie, bootId, quickExits, crashes } = record
    const sound =
      Number.isSafeInteger(launch.id) &&
      status.id === launch.id &&
      typeof launch.folder === 'string' &&
      typeof launch.program === 'string' &&
      Array.isArray(launch.args) &&
      typeof status.state === 'string' &&
      typeof cookie === 'string' &&
      typeof bootId === 'string' &&
      typeof quickExits === 'number' &&
      Array.isArray(crashes)
    return sound ? record : undefined
  } catch {
    return undefined
  }
}

import { join } from 'node:path'
import { isObject } from '../../wire/shape.js'
import { readJson, writeWhole } from './keep.js'

/** What has been done and must not be done again. */
export interface Applied {
  /** Of the files in a process's folder; undefined: never written. */
  revisionOf(id: number): number | undefined
  setRevision(id: number, revision: number): Promise<void>
  /** Was this command started before, whatever became of it? */
  hasRun(id: number): boolean
  /** On disk when it resolves. Rejects when it cannot be written: the command must not be started then. */
  markRun(id: number): Promise<void>
  clientConfig(name: string): number | undefined
  setClientConfig(name: string, revision: number): Promise<void>
  /** Forgets revisions of processes that are not among these. */
  keepOnly(ids: ReadonlySet<number>): void
  /** Forgets client configurations that are not among these. */
  keepOnlyConfigs(names: ReadonlySet<string>): void
}

/** More than a manager has outstanding on one host. */
const MAX_RUN = 5000

export async function openApplied(dataDir: string): Promise<Applied> {
  const path = join(dataDir, 'applied.json')
  const content = await readJson(path)
  const { revisions, ran, clientConfigs } = isObject(content) ? content : {}
  const revisionMap = numbers(revisions)
  const configMap = numbers(clientConfigs)
  const runSet = new Set(Array.isArray(ran) ? ran.filter((id): id is number => Number.isSafeInteger(id)) : [])
  let writing = Promise.resolve()

  const save = () => {
    const written = writing.then(() =>
      writeWhole(
        path,
        `${JSON.stringify({
          revisions: Object.fromEntries(revisionMap),
          clientConfigs: Object.fromEntries(configMap),
          ran: [...runSet],
        })}\n`,
      ),
    )
    writing = written.catch(() => {})
    return written
  }

  return {
    revisionOf: (id) => revisionMap.get(String(id)),
    setRevision(id, revision) {
      revisionMap.set(String(id), revision)
      return save()
    },
    hasRun: (id) => runSet.has(id),
    async markRun(id) {
      runSet.add(id)
      for (const oldest of runSet) {
        if (runSet.size <= MAX_RUN) break
        runSet.delete(oldest)
      }
      try {
        await save()
      } catch (error) {
        runSet.delete(id)
        throw error
      }
    },
    clientConfig: (name) => configMap.get(name),
    setClientConfig(name, revision) {
      configMap.set(name, revision)
      return save()
    },
    keepOnly(ids) {
      for (const id of revisionMap.keys()) if (!ids.has(Number(id))) revisionMap.delete(id)
    },
    keepOnlyConfigs(names) {
      for (const name of configMap.keys()) if (!names.has(name)) configMap.delete(name)
    },
  }
}

const numbers = (value: unknown): Map<string, number> =>
  new Map(
    Object.entries(isObject(value) ? value : {}).filter((entry): entry is [string, number] =>
      Number.isSafeInteger(entry[1]),
    ),
  )

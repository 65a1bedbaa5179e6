import type { Logger } from 'pino'
import {
  type DescriptorSet,
  loadDescriptors,
  ourDescriptors,
  problemText,
  reloadDescriptors,
} from './descriptors/index.js'

/** The installed service types: ours, and those in the folders that the operator names. */
export interface ServiceTypes {
  /** As they were read last; the first time from disk. */
  read(): Promise<DescriptorSet>
  /** From disk. What was good and cannot be read any more stays as it was, since services may be using it. */
  reload(): Promise<DescriptorSet>
}

export function openServiceTypes(csdDirs: readonly string[], logger: Logger): ServiceTypes {
  const folders = [{ path: ourDescriptors(), builtIn: true }, ...csdDirs.map((path) => ({ path }))]
  let latest: DescriptorSet | undefined

  function report(set: DescriptorSet): void {
    for (const { path, problems } of set.refused)
      logger.warn({ path, problems: problems.slice(0, 5).map(problemText) }, 'A service type is refused')
  }

  return {
    async read() {
      if (latest) return latest
      latest = await loadDescriptors(folders)
      report(latest)
      return latest
    },
    async reload() {
      const { set, changes } = await reloadDescriptors(latest ?? (await loadDescriptors(folders)), folders)
      const kept = changes.removed.filter(({ origin }) =>
        set.refused.some(({ path }) => path === origin.path),
      )
      report(set)
      latest = { ...set, descriptors: [...set.descriptors, ...kept] }
      const typesOf = (list: readonly { type: string }[]) => list.map(({ type }) => type)
      logger.info(
        {
          added: typesOf(changes.added),
          changed: typesOf(changes.changed),
          removed: typesOf(changes.removed.filter((each) => !kept.includes(each))),
        },
        'The service types were read anew',
      )
      return latest
    },
  }
}

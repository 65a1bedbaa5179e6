import type { Logger } from 'pino'
import type { Collector, Roots } from './collector.js'
import { createPartEntities } from './collector.js'
import { parseMountInfo, selectMounts } from './mounts.js'
import { createProber } from './prober.js'
import { readText } from './read.js'
import type { StatFs } from './statfs.js'
import { statfsByCommand, statfsInProcess } from './statfs.js'

/** Without a process to put at risk, only these are asked. */
const LOCAL = /^(ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|vfat|exfat|ntfs3|tmpfs|overlay|bcachefs)$/

export interface FileSystemCollectorOptions extends Roots {
  logger: Logger
  statfs?: StatFs
}

export function createFileSystemCollector(options: FileSystemCollectorOptions): Collector {
  const { procRoot, logger } = options
  const entityOf = createPartEntities('FILESYSTEM')
  let prober = createProber({ statfs: options.statfs ?? statfsByCommand })
  let onlyLocal = false
  let hungBefore = new Set<string>()

  return {
    name: 'filesystem',
    async collect(round) {
      const text = readText(procRoot, 'self/mountinfo') ?? ''
      const mounts = selectMounts(parseMountInfo(text)).filter(({ type }) => !onlyLocal || LOCAL.test(type))
      const { answers, hung } = await prober
        .probe(mounts.map(({ mountpoint }) => mountpoint))
        .catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT' || onlyLocal) throw error
          logger.warn('No "stat" command in PATH: only local file systems are watched. Install coreutils.')
          onlyLocal = true
          prober = createProber({ statfs: statfsInProcess })
          return { answers: new Map(), hung: [] }
        })
      const silent = new Set(hung)
      for (const { mountpoint, source, type, readOnly } of mounts) {
        const stats = answers.get(mountpoint)
        if (!stats && !silent.has(mountpoint)) continue
        const attributes = { mountpoint, device: source, filesystemType: type }
        const entity = entityOf(round.host, mountpoint, attributes)
        round.report(entity, 'filesystem_not_responding', stats ? 0 : 1)
        round.report(entity, 'filesystem_read_only', readOnly ? 1 : 0)
        if (!stats) continue
        round.report(entity, 'capacity', stats.capacity)
        round.report(entity, 'capacity_used', stats.used)
        round.report(entity, 'capacity_free', stats.free)
        if (stats.inodes <= 0) continue
        round.report(entity, 'inodes', stats.inodes)
        round.report(entity, 'inodes_used', stats.inodes - stats.inodesFree)
        round.report(entity, 'inodes_free', stats.inodesFree)
      }
      round.report(round.host.entity, 'filesystems_not_responding', hung.length)
      for (const mountpoint of hung)
        if (!hungBefore.has(mountpoint))
          logger.warn(
            { mountpoint },
            'A file system does not answer; it is left alone and asked again now and then',
          )
      for (const mountpoint of hungBefore)
        if (!silent.has(mountpoint)) logger.info({ mountpoint }, 'A file system answers again, or is gone')
      hungBefore = silent
    },
    async stop() {
      prober.stop()
    },
  }
}

import { mkdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createFileSystemCollector } from '../../src/agent/collectors/filesystem.js'
import { parseMountInfo, selectMounts } from '../../src/agent/collectors/mounts.js'
import { createProber } from '../../src/agent/collectors/prober.js'
import type { FileSystemStats, StatFs } from '../../src/agent/collectors/statfs.js'
import { statfsByCommand, statfsInProcess } from '../../src/agent/collectors/statfs.js'
import { collectOnce, recordingLogger, temporaryFolder, tree } from './support.js'

const stats: FileSystemStats = { capacity: 100, used: 60, free: 30, inodes: 10, inodesFree: 4 }

/** A statfs in which some mount points never answer, whatever becomes of the signal. */
function hangingStatfs(hung: Set<string>) {
  const calls: string[][] = []
  const statfs: StatFs = (mountpoints) => {
    calls.push(mountpoints)
    if (mountpoints.some((mountpoint) => hung.has(mountpoint))) return new Promise(() => {})
    return Promise.resolve(new Map(mountpoints.map((mountpoint) => [mountpoint, stats])))
  }
  return { calls, statfs }
}

const mount = (id: number, device: string, root: string, at: string, type: string, options = 'rw') =>
  `${id} 1 ${device} ${root} ${at} ${options},relatime shared:1 - ${type} /dev/x${id} ${options}\n`

describe('which file systems are watched', () => {
  const select = (text: string) => selectMounts(parseMountInfo(text)).map(({ mountpoint }) => mountpoint)

  it('real ones, with tmpfs and file servers, without those of the kernel, of containers and of sessions', () => {
    const text = [
      mount(1, '0:21', '/', '/proc', 'proc'),
      mount(2, '0:22', '/', '/sys/fs/cgroup', 'tmpfs'),
      mount(3, '8:1', '/', '/', 'ext4'),
      mount(4, '0:40', '/', '/run', 'tmpfs'),
      mount(5, '0:41', '/', '/run/user/1000', 'tmpfs'),
      mount(6, '0:42', '/', '/dev/shm', 'tmpfs'),
      mount(7, '0:43', '/', '/mnt/nfs', 'nfs4'),
      mount(8, '0:44', '/', '/var/lib/docker/overlay2/x/merged', 'overlay'),
      mount(9, '7:1', '/', '/snap/core/1', 'squashfs', 'ro'),
      mount(10, '0:45', '/', '/run/secret', 'tmpfs', 'ro'),
      mount(11, '0:46', '/', '/mnt/ssh', 'fuse.sshfs'),
    ].join('')
    expect(select(text)).toEqual(['/', '/run', '/dev/shm', '/mnt/nfs', '/mnt/ssh'])
  })

  it('each once: bind mounts and subvolumes count as what they are a part of', () => {
    const text = [
      mount(1, '8:1', '/sub', '/a', 'btrfs'),
      mount(2, '8:1', '/', '/longer/path', 'btrfs'),
      mount(3, '8:1', '/other', '/b', 'btrfs'),
      mount(4, '8:2', '/var/x', '/etc/hosts', 'ext4'),
      mount(5, '8:2', '/var/y', '/data', 'ext4'),
    ].join('')
    expect(select(text)).toEqual(['/longer/path', '/data'])
  })

  it('of two on one path the later, which hides the other', () => {
    const mounts = selectMounts(
      parseMountInfo(mount(1, '8:1', '/', '/d', 'ext4') + mount(2, '8:2', '/', '/d', 'xfs')),
    )
    expect(mounts).toMatchObject([{ mountpoint: '/d', type: 'xfs' }])
  })

  it('with escaped characters in their paths, read-only ones marked, and at most as many as are asked for', () => {
    const [one] = parseMountInfo(mount(1, '8:1', '/', '/a\\040b\\134c', 'ext4', 'ro'))
    expect(one).toMatchObject({ mountpoint: '/a b\\c', readOnly: true })
    expect(select(mount(1, '8:1', '/', `/${'x'.repeat(3000)}`, 'ext4'))).toEqual([])
    const many = Array.from({ length: 50 }, (_, i) => mount(i, `8:${i}`, '/', `/m${i}`, 'xfs')).join('')
    expect(selectMounts(parseMountInfo(many), 10)).toHaveLength(10)
  })
})

describe('statfs', () => {
  it('by command and in the process says what the system says, and leaves out what cannot be read', async () => {
    const root = statfsSync('/')
    for (const statfs of [statfsByCommand, statfsInProcess]) {
      const answers = await statfs(['/no/such/place', '/', '/dev/shm'], new AbortController().signal)
      expect([...answers.keys()]).toEqual(['/', '/dev/shm'])
      const { capacity, used, free, inodes } = answers.get('/')!
      expect(capacity).toBe(root.blocks * root.bsize)
      expect(Math.abs(used - (root.blocks - root.bfree) * root.bsize)).toBeLessThan(1e9)
      expect(free).toBeLessThanOrEqual(capacity - used)
      expect(inodes).toBe(root.files)
    }
  })

  it('by command takes mount points that look like options or have spaces', async () => {
    const folder = join(temporaryFolder(), '--help me')
    mkdirSync(folder)
    const answers = await statfsByCommand([folder], new AbortController().signal)
    expect([...answers.keys()]).toEqual([folder])
  })
})

describe('a file system that hangs', () => {
  const fast = { batchTimeoutMs: 50, singleTimeoutMs: 50 }

  it('costs its own samples only, is found out in one round and is then left alone', async () => {
    const hung = new Set<string>()
    const { calls, statfs } = hangingStatfs(hung)
    const prober = createProber({ statfs, ...fast })
    expect((await prober.probe(['/', '/nfs', '/data'])).answers.size).toBe(3)
    hung.add('/nfs')
    calls.length = 0
    for (let round = 0; round < 20; round++) {
      const probe = await prober.probe(['/', '/nfs', '/data'])
      expect([...probe.answers.keys()].sort()).toEqual(['/', '/data'])
      expect(probe.hung).toEqual(['/nfs'])
    }
    // Once among all, once by itself: the call that is outstanding is the last one.
    expect(calls.filter((call) => call.includes('/nfs'))).toEqual([['/', '/nfs', '/data'], ['/nfs']])
  })

  it('among a hundred that hang leaves a bounded number of calls outstanding and never the healthy ones unasked', async () => {
    const dead = Array.from({ length: 100 }, (_, i) => `/nfs${i}`)
    const { calls, statfs } = hangingStatfs(new Set(dead))
    const prober = createProber({ statfs, ...fast, maxOutstanding: 20 })
    for (let round = 0; round < 30; round++) {
      const { answers } = await prober.probe(['/', ...dead, '/data'])
      if (round > 0) expect(answers.has('/')).toBe(true)
    }
    expect(calls.flat().filter((path) => path.startsWith('/nfs')).length).toBeLessThanOrEqual(20 + 8)
  })

  it('is asked again when the call has come back, and taken back when it answers', async () => {
    const waiting: ((answers: Map<string, FileSystemStats>) => void)[] = []
    let hangs = true
    const prober = createProber({
      statfs: (mountpoints, signal) =>
        hangs
          ? new Promise((resolve, reject) => {
              waiting.push(resolve)
              signal.addEventListener('abort', () => reject(signal.reason))
            })
          : Promise.resolve(new Map(mountpoints.map((mountpoint) => [mountpoint, stats]))),
      ...fast,
      retryMs: 20,
    })
    expect((await prober.probe(['/nfs'])).hung).toEqual(['/nfs'])
    hangs = false
    let probe = await prober.probe(['/nfs'])
    for (let i = 0; i < 200 && probe.answers.size === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      probe = await prober.probe(['/nfs'])
    }
    expect(probe).toMatchObject({ hung: [] })
    expect(probe.answers.get('/nfs')).toEqual(stats)
  })

  it('shows as not responding, in the host’s count and once in the log', async () => {
    const proc = tree({
      'self/mountinfo': mount(1, '8:1', '/', '/', 'ext4') + mount(2, '0:9', '/', '/nfs', 'nfs4'),
    })
    const { logger, lines } = recordingLogger()
    const { statfs } = hangingStatfs(new Set(['/nfs']))
    const collector = createFileSystemCollector({ procRoot: proc, sysRoot: proc, logger, statfs })
    await collectOnce(collector)
    const values = await collectOnce(collector)
    expect(values.get('filesystems_not_responding')).toBe(1)
    expect(values.get('/nfs filesystem_not_responding')).toBe(1)
    expect(values.has('/nfs capacity')).toBe(false)
    expect(values.get('/ filesystem_not_responding')).toBe(0)
    expect(values.get('/ capacity_used')).toBe(60)
    expect(lines.filter(({ msg }) => msg.includes('does not answer'))).toHaveLength(1)
  })
})

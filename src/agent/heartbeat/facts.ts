import { readFileSync } from 'node:fs'
import { arch, cpus, networkInterfaces, release, totalmem } from 'node:os'
import type { HostFacts } from '../../wire/heartbeat.js'
import { parseMountInfo, selectMounts } from '../collectors/mounts.js'
import { readText } from '../collectors/read.js'
import { type AddressHints, defaultRoute, hostAddresses } from './addresses.js'

const MAX_ADDRESSES = 100
const MAX_MOUNTS = 500

/** What the manager has to know of the host. Asks no file system: one that hangs would hold us up. */
export function hostFacts(
  hostname: string,
  procRoot: string,
  cgroups: boolean,
  hints: Omit<AddressHints, 'route'> = {},
): HostFacts {
  const addresses = hostAddresses(networkInterfaces(), { ...hints, route: defaultRoute(procRoot) })
  const mounts = selectMounts(parseMountInfo(readText(procRoot, 'self/mountinfo') ?? ''))
  return {
    hostname: hostname.slice(0, 255),
    addresses: addresses.slice(0, MAX_ADDRESSES),
    cores: cpus().length,
    ...physicalCores(readText(procRoot, 'cpuinfo') ?? ''),
    memory: totalmem(),
    os: { ...distribution(), kernel: release(), arch: arch() },
    mounts: mounts.slice(0, MAX_MOUNTS).map(({ mountpoint, source, type }) => ({
      mountpoint,
      device: source.slice(0, 4096),
      type: type.slice(0, 64),
    })),
    switchesUser: process.getuid?.() === 0,
    cgroups,
  }
}

/** Of threads that share a core, one is counted. Not every platform says which do. */
function physicalCores(cpuinfo: string): { physicalCores?: number } {
  const cores = new Set<string>()
  for (const processor of cpuinfo.split(/\n\s*\n/)) {
    const socket = /^physical id\s*: (\d+)$/m.exec(processor)
    const core = /^core id\s*: (\d+)$/m.exec(processor)
    if (socket && core) cores.add(`${socket[1]} ${core[1]}`)
  }
  return cores.size > 0 ? { physicalCores: cores.size } : {}
}

/** From os-release(5). */
function distribution(): { name: string; version: string } {
  let text = ''
  for (const path of ['/etc/os-release', '/usr/lib/os-release'])
    try {
      text ||= readFileSync(path, 'utf8')
    } catch {
      // The other one, or none.
    }
  const entryOf = (key: string) =>
    (new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '').replace(/^(["'])(.*)\1$/, '$2').slice(0, 200)
  return { name: entryOf('NAME') || 'Linux', version: entryOf('VERSION_ID') }
}

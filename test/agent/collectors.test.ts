import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { cpus, hostname, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { collectedMetrics } from '../../src/agent/catalogue/index.js'
import { busyPercent, parseCpu } from '../../src/agent/collectors/cpu.js'
import { parseDiskStats } from '../../src/agent/collectors/disk.js'
import { createCounters, createHostCollectors } from '../../src/agent/collectors/index.js'
import { parseNetDev } from '../../src/agent/collectors/network-interface.js'
import { hostFacts } from '../../src/agent/heartbeat/facts.js'
import { collectOnce, silent, temporaryFolder, tree } from './support.js'

/** All collectors over given roots; each call is a round. */
function rounds(procRoot: string, sysRoot: string, more: object = {}) {
  const counters = createCounters()
  const collectors = createHostCollectors({ procRoot, sysRoot, logger: silent, ...more }, counters)
  return async () => {
    const all = new Map<string, number>()
    for (const collector of collectors)
      for (const [name, value] of await collectOnce(collector)) all.set(name, value)
    counters.sweep()
    return all
  }
}

describe('the collectors on this machine', () => {
  it('agree with what the system says of itself', async () => {
    const round = rounds('/proc', '/sys')
    const outer = performance.now()
    const first = await round()
    expect([...first.keys()].filter((name) => name.endsWith('_rate'))).toEqual([])
    const inner = performance.now()
    await delay(300)
    const waited = performance.now() - inner
    const values = await round()
    // How far the rounds' own reading of clock and counters can be apart, on a machine that lets this process wait.
    const slack = (performance.now() - outer) / waited
    const of = (name: string) => values.get(name)!

    expect(of('physical_memory_total')).toBe(totalmem())
    expect(of('physical_memory_used')).toBeGreaterThan(0)
    expect(of('physical_memory_used')).toBeLessThan(totalmem())
    expect(of('physical_memory_memfree')).toBeLessThan(totalmem())
    // It changes every five seconds, perhaps while it is read.
    const loads = async () => [loadavg()[0]!, (await round()).get('load_1')!, loadavg()[0]!] as const
    let [before, load, after] = await loads()
    while (before !== after) [before, load, after] = await loads()
    expect(load).toBeCloseTo(before, 1)
    expect(of('cores')).toBe(cpus().length)
    expect(of('cpu_percent')).toBeGreaterThanOrEqual(0)
    expect(of('cpu_percent')).toBeLessThanOrEqual(100)
    const states = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'soft_irq', 'steal']
    const spent = states.reduce((sum, state) => sum + (values.get(`cpu_${state}_rate`) ?? 0), 0)
    expect(spent).toBeGreaterThan((cpus().length * 0.5) / slack)
    expect(spent).toBeLessThan(cpus().length * 1.5 * slack)
    expect(of('uptime')).toBeGreaterThan(0)
    expect(of('context_switches_rate')).toBeGreaterThan(0)
    expect(of('agent_fd_open')).toBeGreaterThan(2)
    expect(of('agent_physical_memory_used')).toBeGreaterThan(10e6)

    const root = statfsSync('/')
    expect(of('/ capacity')).toBe(root.blocks * root.bsize)
    expect(Math.abs(of('/ capacity_free') - root.bavail * root.bsize)).toBeLessThan(1e9)
    const device = parseDiskStats(readFileSync('/proc/diskstats', 'utf8'))[0]?.device
    if (device) expect(of(`${device} total_read_bytes`)).toBeGreaterThan(0)
    const known = new Set(collectedMetrics.map(({ name }) => name))
    for (const name of values.keys()) expect(known).toContain(name.split(' ').at(-1))
    expect(hostname()).not.toBe('')
  })

  it('count what a program here does: its page faults and CPU time', async () => {
    const round = rounds('/proc', '/sys')
    const outer = performance.now()
    await round()
    const before = process.cpuUsage()
    const pages: Buffer[] = []
    const used = () => {
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1e6
    }
    // Work is measured in CPU time, not by the clock: other processes may keep this one waiting.
    while (used() < 0.2) pages.push(Buffer.alloc(1 << 16, 1))
    const values = await round()
    const seconds = (performance.now() - outer) / 1000
    const rate = values.get('agent_cpu_user_rate')! + values.get('agent_cpu_system_rate')!
    // Never less than what was used in the longest time that can have passed between the rounds.
    expect(rate * seconds).toBeGreaterThan(0.15)
    expect(values.get('page_faults_rate')! * seconds).toBeGreaterThan(100)
    expect(pages.length).toBeGreaterThan(0)
  })
})

describe('the collectors together', () => {
  it('report every metric of the catalogue on a host that has everything, and no other', async () => {
    const meminfo = readFileSync('/proc/meminfo', 'utf8')
    const psi =
      'some avg10=0.00 avg60=0.00 avg300=0.00 total=7\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=5\n'
    const snmp = [
      'Tcp: ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts',
      'Tcp: 1 2 3 4 5 6 7 8 9 10',
      'Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors',
      'Udp: 1 2 3 4 5\n',
    ].join('\n')
    const proc = tree({
      stat: 'cpu 1 1 1 1 1 1 1 1 1 1\ncpu0 1 1 1 1\nintr 5 1\nctxt 5\nprocesses 7\nprocs_running 1\nprocs_blocked 0\nsoftirq 9 1\n',
      meminfo: `${meminfo}\nCommitted_AS: 5 kB\n`,
      vmstat: 'pswpin 1\npswpout 1\npgpgin 1\npgpgout 1\npgfault 1\npgmajfault 1\noom_kill 0\n',
      loadavg: '0.1 0.2 0.3 1/200 99\n',
      uptime: '12.5 20.0\n',
      diskstats: '8 0 sda 1 1 1 1 1 1 1 1 1 1 1\n',
      'net/dev': 'eth0: 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n',
      'net/snmp': snmp,
      'net/netstat': 'TcpExt: ListenOverflows ListenDrops TCPTimeouts\nTcpExt: 1 2 3\n',
      'net/sockstat': 'sockets: used 9\nTCP: inuse 3 orphan 0 tw 10 alloc 3 mem 342\n',
      'sys/fs/file-nr': '717 0 1000\n',
      'sys/kernel/random/entropy_avail': '256\n',
      'sys/vm/dirty_ratio': '20\n',
      'pressure/cpu': psi,
      'pressure/memory': psi,
      'pressure/io': psi,
      'self/mountinfo': '1 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n',
    })
    const sys = tree({
      'class/net/eth0/operstate': 'up\n',
      'class/net/eth0/speed': '1000\n',
      'class/net/eth0/duplex': 'full\n',
    })
    const chrony = async () => `A,a,3,1,0.001,0,0,0,0,0,0,0,64,Normal\n`
    const folders = { dataDir: temporaryFolder(), processDir: temporaryFolder(), manager: {} }
    const round = rounds(proc, sys, { say: chrony, ...folders })
    await round()
    await delay(20)
    // Time has to pass for the CPU too.
    writeFileSync(
      join(proc, 'stat'),
      readFileSync(join(proc, 'stat'), 'utf8').replace('cpu 1 1 1 1', 'cpu 2 2 2 2'),
    )
    const reported = new Set<string>()
    const note = async () => {
      for (const name of (await round()).keys()) reported.add(name.split(' ').at(-1)!)
    }
    await note()
    const ofHost = collectedMetrics
      .filter(({ categories }) => categories.some((one) => one !== 'ROLE'))
      .map(({ name }) => name)
    // Resolver, time daemon and file systems are asked beside the rounds.
    for (const end = Date.now() + 60_000; ofHost.some((name) => !reported.has(name)) && Date.now() < end; ) {
      await delay(20)
      await note()
    }
    expect([...reported].sort()).toEqual(ofHost.sort())
  })
})

describe('the collectors on odd systems', () => {
  it('report nothing and do not fail where there are no files at all', async () => {
    const empty = temporaryFolder()
    const values = await rounds(empty, empty)()
    expect([...values.keys()].filter((name) => !/^(total_)?agent_/.test(name))).toEqual([
      'filesystems_not_responding',
    ])
  })

  it('leave garbage out and keep what is good beside it', async () => {
    const proc = tree({
      stat: 'cpu  x y z\nctxt banana\nprocs_running 3\nintr\n\0\xff\n',
      meminfo: 'MemTotal: lots kB\nMemFree:  100 kB\nnonsense\nCached\n',
      loadavg: '0.5 abc\n',
      diskstats: '8 0 sda 1 2\n8 16 sdb a b c d e f g h i j k\n8 32 sdc 5 0 10 1 5 0 10 1 0 2 2\n',
      'net/dev': 'garbage\n eth0: 1 2 3\neth1:7 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n',
      'net/snmp': 'Tcp: A B\nTcp: 1\nUdp: X\n',
      'self/mountinfo': '1 2 3\nfoo - bar\n',
      uptime: '',
    })
    const values = await rounds(proc, temporaryFolder())()
    expect(values.get('processes_running')).toBe(3)
    expect(values.get('physical_memory_memfree')).toBe(102_400)
    expect(values.get('load_1')).toBe(0.5)
    expect(values.has('load_5')).toBe(false)
    expect(values.has('physical_memory_total')).toBe(false)
    expect(values.has('cpu_percent')).toBe(false)
    expect(values.get('sdc total_read_bytes')).toBe(5120)
    expect(values.get('eth1 total_bytes_receive')).toBe(7)
    expect([...values.keys()].some((name) => /^(sda|sdb|eth0) /.test(name))).toBe(false)
    expect([...values.values()].every(Number.isFinite)).toBe(true)
  })

  it('take the largest numbers that the kernel can print', async () => {
    const huge = '18446744073709551615'
    const proc = tree({
      stat: `cpu  ${Array(10).fill(huge).join(' ')}\ncpu0 1 1 1 1\nctxt ${huge}\n`,
      meminfo: `MemTotal: ${huge} kB\n`,
      'net/dev': `eth0: ${Array(16).fill(huge).join(' ')}\n`,
    })
    const round = rounds(proc, temporaryFolder())
    await round()
    await delay(5)
    const values = await round()
    expect(values.get('eth0 total_bytes_receive')).toBe(2 ** 64)
    expect(values.get('eth0 bytes_receive_rate')).toBe(0)
    expect([...values.values()].every(Number.isFinite)).toBe(true)
  })

  it('read /proc/stat of a host with 448 CPUs and thousands of interrupts', () => {
    const cpu = Array.from({ length: 448 }, (_, i) => `cpu${i} 100 0 50 850 0 0 0 0 0 0`).join('\n')
    const stat = `cpu  44800 0 22400 380800 0 0 0 0 0 0\n${cpu}\nintr 9 ${'0 '.repeat(20_000)}\nctxt 1\n`
    expect(parseCpu(stat)).toMatchObject({ cores: 448, seconds: [448, 0, 224, 3808, 0, 0, 0, 0, 0, 0] })
  })

  it('read /proc/stat of a kernel that does not know steal and guest time', () => {
    const before = parseCpu('cpu 100 0 100 800 0 0 0\n')!
    const now = parseCpu('cpu 150 0 150 900 0 0 0\n')!
    expect(before.seconds.slice(7)).toEqual([Number.NaN, Number.NaN, Number.NaN])
    expect(busyPercent(before, now)).toBe(50)
  })

  it('take I/O wait that steps back for none, and give no percentage when no time has passed', () => {
    const before = parseCpu('cpu 100 0 0 100 50 0 0 0\n')!
    expect(busyPercent(before, parseCpu('cpu 200 0 0 200 40 0 0 0\n')!)).toBe(50)
    expect(busyPercent(before, before)).toBeUndefined()
  })

  it('follow a disk that is pulled out and one of the same name that is put in', async () => {
    const line = (reads: number) => `8 16 sdb ${reads} 0 ${reads * 8} 0 1 0 0 0 0 0 0\n`
    const proc = tree({ diskstats: line(1000) })
    const round = rounds(proc, temporaryFolder())
    const set = async (text: string) => {
      writeFileSync(join(proc, 'diskstats'), text)
      await delay(2)
      return round()
    }
    await round()
    expect((await set(line(1010))).get('sdb read_ios_rate')).toBeGreaterThan(0)
    expect((await set('')).has('sdb total_read_ios')).toBe(false)
    const replaced = await set(line(20_000))
    expect(replaced.get('sdb total_read_ios')).toBe(20_000)
    expect(replaced.has('sdb read_ios_rate')).toBe(false)
    expect((await set(line(20_001))).get('sdb read_ios_rate')).toBeGreaterThan(0)
  })

  it('compute what iostat computes, over the wrap of the kernel’s 32-bit milliseconds', async () => {
    const proc = tree({ diskstats: `8 0 sda 100 5 800 ${2 ** 32 - 40} 50 0 400 10 0 ${2 ** 32 - 10} 0\n` })
    const round = rounds(proc, temporaryFolder())
    const at = performance.now()
    await round()
    await delay(200)
    writeFileSync(join(proc, 'diskstats'), '8 0 sda 110 5 960 60 60 0 560 110 3 90 1000\n')
    const values = await round()
    const seconds = (performance.now() - at) / 1000
    expect(values.get('sda await_read_time')).toBe(10)
    expect(values.get('sda await_write_time')).toBe(10)
    expect(values.get('sda await_time')).toBe(10)
    expect(values.get('sda service_time')).toBe(5)
    expect(values.get('sda average_request_size')).toBe(16)
    expect(values.get('sda ios_in_progress')).toBe(3)
    expect(values.get('sda utilization')).toBeLessThanOrEqual(100)
    expect(values.get('sda utilization')! * seconds).toBeGreaterThan(5)
    expect(values.get('sda average_queue_length')! * seconds).toBeGreaterThan(0.5)
    await delay(2)
    const idle = await round()
    expect([idle.get('sda await_time'), idle.get('sda service_time')]).toEqual([0, 0])
  })

  it('watch no loop, memory, floppy or CD device and none that was never used', () => {
    const used = '1 0 8 1 1 0 8 1 0 1 1'
    const names = ['loop0', 'ram1', 'zram0', 'fd0', 'sr0', 'sda', 'sda1', 'nvme0n1', 'dm-0', 'md127']
    const text = `${names.map((name) => `8 0 ${name} ${used}`).join('\n')}\n8 0 nbd0 0 0 0 0 0 0 0 0 0 0 0\n`
    expect(parseDiskStats(text).map(({ device }) => device)).toEqual([
      'sda',
      'sda1',
      'nvme0n1',
      'dm-0',
      'md127',
    ])
  })

  it('tell speed, duplex and slow links, and say nothing where the driver knows nothing', async () => {
    const dev = (name: string) => `${name}: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n`
    const proc = tree({ 'net/dev': ['eth0', 'eth1', 'eth2', 'bond0:1', 'lo', 'veth12'].map(dev).join('') })
    const sys = tree({
      'class/net/eth0/operstate': 'up\n',
      'class/net/eth0/speed': '10000\n',
      'class/net/eth0/duplex': 'full\n',
      'class/net/eth1/operstate': 'up\n',
      'class/net/eth1/speed': '100\n',
      'class/net/eth1/duplex': 'half\n',
      'class/net/eth2/operstate': 'down\n',
      'class/net/eth2/speed': '-1\n',
      'class/net/eth2/duplex': 'unknown\n',
    })
    const values = await rounds(proc, sys)()
    const link = (name: string) =>
      ['link_up', 'speed', 'duplex_full', 'slow_mode'].map((metric) => values.get(`${name} ${metric}`))
    expect(link('eth0')).toEqual([1, 10_000, 1, 0])
    expect(link('eth1')).toEqual([1, 100, 0, 1])
    expect(link('eth2')).toEqual([0, undefined, undefined, undefined])
    expect(values.get('bond0:1 total_bytes_receive')).toBe(0)
    expect([...values.keys()].some((name) => /^(lo|veth12) /.test(name))).toBe(false)
    expect(parseNetDev('  ens3:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n').get('ens3')).toHaveLength(16)
  })

  it('go on when a file disappears between two rounds', async () => {
    const proc = tree({ stat: 'cpu 1 1 1 1\ncpu0 1 1 1 1\n', loadavg: '1 1 1 1/5 3\n' })
    const round = rounds(proc, temporaryFolder())
    await round()
    rmSync(join(proc, 'stat'))
    const values = await round()
    expect(values.has('total_cpu_user')).toBe(false)
    expect(values.get('threads')).toBe(5)
  })
})

describe('what the manager is told of a host', () => {
  const factsWith = (cpuinfo: string) =>
    hostFacts('h', tree({ cpuinfo, 'self/mountinfo': '' }), false).physicalCores
  const thread = (socket: number, core: number) =>
    `processor\t: 1\nphysical id\t: ${socket}\ncore id\t\t: ${core}\n`

  it('counts cores once whose threads share them, and says nothing where the platform does not', () => {
    const threads = [thread(0, 0), thread(0, 1), thread(1, 0), thread(1, 1)]
    expect(factsWith([...threads, ...threads].join('\n'))).toBe(4)
    expect(factsWith('processor\t: 0\nBogoMIPS\t: 50.00\n')).toBeUndefined()
  })
})

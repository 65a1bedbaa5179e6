import { beforeAll, describe, expect, it } from 'vitest'
import { explainAll } from '../../src/health/evaluate/explain.js'
import type { Node } from '../../src/health/evaluate/nodes.js'
import { createPicture } from '../../src/health/evaluate/picture.js'
import { createStreams } from '../../src/health/evaluate/streams.js'
import { sweep } from '../../src/health/evaluate/sweep.js'
import { takeReport } from '../../src/health/reported.js'
import { BAD, DISABLED } from '../../src/health/summary.js'
import type { HealthChange, HealthFacts, HealthModel, HealthTestResult } from '../../src/wire/health.js'
import type { HealthTestFile } from '../../src/wire/health-tests.js'
import { MemoryCatalogue } from '../ingest/support/memory-catalogue.js'
import { allOf, inShort, testFiles, zookeeperModel } from './support.js'

const START = 1_700_000_000_000
const MINUTE = 60_000

let files: HealthTestFile[]
beforeAll(async () => {
  files = await testFiles()
})

/** Evaluation without a store: samples and facts are put by hand, the clock is ours. */
function bench(model: HealthModel | null = zookeeperModel()) {
  let now = START
  const catalogue = new MemoryCatalogue()
  const streams = createStreams(() => now)
  const lastSeen = new Map<string, number>()
  const picture = createPicture({ catalogue, streams, files, remembered: new Map() })
  const apply = (next: HealthModel | undefined) => allOf(picture.takeOver(next, now))
  apply(model ?? undefined)
  const at = () => ({
    time: now,
    factsAt: picture.factsAt,
    lastSeen: (node: Node) => lastSeen.get(node.identity) ?? 0,
  })
  const bed = {
    picture,
    apply,
    get now() {
      return now
    },
    put(
      category: string,
      name: string,
      metric: string,
      value: number,
      attributes: Record<string, string> = {},
    ) {
      const entity = catalogue.entities[catalogue.addEntity({ category, name, attributes })]!
      const owner = picture.ownerOf(entity)
      if (category === 'HOST') lastSeen.set(name, now)
      for (let slot = streams.firstSlot(metric, owner); slot >= 0; slot = streams.next(slot))
        streams.put(slot, now, value)
    },
    facts(facts: Partial<HealthFacts>) {
      return picture.facts({ term: 1, at: now, ...facts })
    },
    /** All hosts beat, all processes run. */
    allWell() {
      bed.facts({
        hosts: (picture.model?.hosts ?? []).map(({ identity }) => ({ identity, lastHeartbeat: now })),
        roles: (picture.model?.roles ?? []).map(({ identity }) => ({
          identity,
          state: 'RUNNING',
          startedAt: START - 600_000,
        })),
      })
      for (const { identity } of picture.model?.roles ?? []) {
        bed.put('ROLE', identity, 'zookeeper_is_leader', identity.endsWith('1') ? 1 : 0)
        bed.put('ROLE', identity, 'web_metrics_collection_status', 1)
      }
    },
    pass(ms: number) {
      now += ms
    },
    look(patient = false): HealthChange[] {
      return [...sweep({ picture, streams, now: at(), patient })].flat()
    },
    short: (): string[] => bed.look().map(inShort),
    test(category: string, identity: string, name: string): HealthTestResult {
      const node = picture.find(category, identity)!
      const found = explainAll(node, picture.table, streams, at()).find((each) => each.test === name)
      if (found === undefined) throw new Error(`no test ${name} of ${identity}`)
      return found
    },
    summary: (category: string, identity: string) => picture.find(category, identity)?.summary,
  }
  return bed
}

describe('a process that ends', () => {
  it('makes role, service and cluster bad, each once, with the cause', () => {
    const bed = bench()
    bed.allWell()
    bed.look()
    expect(bed.summary('CLUSTER', 'c1')).toBe(0)
    bed.pass(2_000)
    bed.facts({
      roles: [{ identity: 'zk-SERVER-2', state: 'EXITED', exit: { at: bed.now, signal: 'SIGKILL' } }],
    })
    const changes = bed.look()
    expect(changes.map(inShort)).toEqual([
      'ROLE zk-SERVER-2 GOOD→BAD (ZOOKEEPER_SERVER_SCM_HEALTH GOOD→BAD)',
      'SERVICE c1:zk GOOD→CONCERNING (ZOOKEEPER_SERVERS_HEALTHY GOOD→CONCERNING)',
      'CLUSTER c1 GOOD→CONCERNING (CLUSTER_SERVICES_HEALTH GOOD→CONCERNING)',
    ])
    const [role, service] = changes
    const test = role!.tests.find((each) => each.from !== undefined)!
    expect(test.explanation).toMatch(/^The process has ended by itself\. It ended at .* by SIGKILL\.$/)
    expect(test.advice).not.toBe('')
    expect(role!.entity).toMatchObject({
      roleType: 'SERVER',
      service: { type: 'ZOOKEEPER' },
      cluster: { displayName: 'Cluster 1' },
      hosts: [{ identity: 'host-2', hostname: 'node2.example' }],
    })
    expect(service!.tests.find((each) => each.from)!.explanation).toBe(
      'Healthy servers: healthy 2, concerning 0, bad 1, of 3. Percent healthy: 66.67%. Percent healthy or concerning: 66.67%. Warning threshold: 99.00%.',
    )
    bed.pass(2_000)
    expect(bed.look()).toEqual([])
    expect(new Set(changes.map(({ id }) => id)).size).toBe(3)
  })

  it('is disabled when it is stopped on purpose, whatever a trigger says of it', () => {
    const bed = bench()
    bed.allWell()
    bed.look()
    const node = bed.picture.find('ROLE', 'zk-SERVER-2')!
    const trigger = (summary: 'GOOD' | 'BAD') =>
      takeReport(
        node,
        { category: 'ROLE', identity: 'zk-SERVER-2', test: 'alarm:t', label: 't', summary, explanation: '' },
        bed.now,
      )
    trigger('GOOD')
    bed.facts({ roles: [{ identity: 'zk-SERVER-2', expected: 'STOPPED', state: 'STOPPED' }] })
    bed.look()
    expect(bed.summary('ROLE', 'zk-SERVER-2')).toBe(DISABLED)
    trigger('BAD')
    bed.look()
    expect(bed.summary('ROLE', 'zk-SERVER-2')).toBe(DISABLED)
    bed.pass(2_000)
    bed.facts({ roles: [{ identity: 'zk-SERVER-2', expected: 'RUNNING', state: 'RUNNING' }] })
    bed.look()
    expect(bed.summary('ROLE', 'zk-SERVER-2')).toBe(BAD)
  })

  it('is no trouble while a command works on it, nor when it is to be stopped', () => {
    const bed = bench()
    bed.allWell()
    bed.look()
    bed.facts({ roles: [{ identity: 'zk-SERVER-2', state: 'STOPPING', busy: 'Restart' }] })
    expect(bed.short()).toEqual([])
    expect(bed.test('ROLE', 'zk-SERVER-2', 'ZOOKEEPER_SERVER_SCM_HEALTH').explanation).toContain('Restart')
    bed.facts({ roles: [{ identity: 'zk-SERVER-2', state: 'STOPPED', busy: '', expected: 'STOPPED' }] })
    bed.look()
    expect(bed.test('ROLE', 'zk-SERVER-2', 'ZOOKEEPER_SERVER_SCM_HEALTH').summary).toBe('DISABLED')
    expect(bed.summary('SERVICE', 'c1:zk')).toBe(0)
  })
})

describe('heartbeats that do not come', () => {
  it('make a host concerning after 5 and bad after 10, and its roles with it', () => {
    const bed = bench()
    bed.allWell()
    bed.look()
    const others = ['host-1', 'host-2'].map((identity) => ({ identity }))
    bed.pass(80_000)
    bed.facts({ hosts: others.map((each) => ({ ...each, lastHeartbeat: bed.now })) })
    expect(bed.short()[0]).toBe('HOST host-3 GOOD→CONCERNING (HOST_SCM_HEALTH GOOD→CONCERNING)')
    expect(bed.test('HOST', 'host-3', 'HOST_SCM_HEALTH').explanation).toBe(
      'Heartbeats missed: 5. Warning threshold: 5.',
    )
    bed.pass(75_000)
    bed.facts({ hosts: others.map((each) => ({ ...each, lastHeartbeat: bed.now })) })
    expect(bed.short().slice(0, 2)).toEqual([
      'HOST host-3 CONCERNING→BAD (HOST_SCM_HEALTH CONCERNING→BAD)',
      'ROLE zk-SERVER-3 CONCERNING→BAD (ZOOKEEPER_SERVER_HOST_HEALTH CONCERNING→BAD)',
    ])
    // That its processes run is not known any more, either.
    bed.pass(30_000)
    bed.facts({ hosts: others.map((each) => ({ ...each, lastHeartbeat: bed.now })) })
    bed.look()
    expect(bed.test('ROLE', 'zk-SERVER-3', 'ZOOKEEPER_SERVER_SCM_HEALTH')).toMatchObject({
      summary: 'NOT_AVAILABLE',
      explanation:
        'The agent of the host has not been heard of for 3.1 minutes; then the process was running.',
    })
    expect(bed.test('ROLE', 'zk-SERVER-1', 'ZOOKEEPER_SERVER_SCM_HEALTH').summary).toBe('GOOD')
  })

  it('are no news while the manager itself is silent', () => {
    const bed = bench()
    bed.allWell()
    bed.look()
    bed.pass(3_600_000)
    expect(bed.test('HOST', 'host-3', 'HOST_SCM_HEALTH').summary).toBe('GOOD')
    expect(bed.look().some((change) => change.to === 'BAD' && change.entity.category === 'HOST')).toBe(false)
  })
})

describe('figures', () => {
  it('of the file system that holds a folder are those that count', () => {
    const bed = bench()
    bed.allWell()
    const filesystem = (mountpoint: string, free: number) =>
      bed.put('FILESYSTEM', `host-1:${mountpoint}`, 'capacity_free', free, { mountpoint, hostId: 'host-1' })
    filesystem('/', 50 * 1024 ** 3)
    filesystem('/data', 1024 ** 3)
    bed.look()
    expect(bed.test('ROLE', 'zk-SERVER-1', 'ZOOKEEPER_SERVER_LOG_DIRECTORY_FREE_SPACE')).toMatchObject({
      summary: 'GOOD',
      explanation: 'Free space for the logs on /: 50 GiB.',
    })
    expect(bed.test('ROLE', 'zk-SERVER-1', 'ZOOKEEPER_SERVER_DATA_DIRECTORY_FREE_SPACE')).toMatchObject({
      summary: 'BAD',
      explanation: 'Free space for the data on /data: 1 GiB. Critical threshold: 2 GiB.',
    })
    expect(bed.test('ROLE', 'zk-SERVER-1', 'ZOOKEEPER_SERVER_HEAP_DUMP_DIRECTORY_FREE_SPACE').summary).toBe(
      'DISABLED',
    )
  })

  it('of the worst interface count, virtual ones do not', () => {
    const bed = bench()
    const slow = (iface: string, value: number) =>
      bed.put('NETWORK_INTERFACE', `host-1:${iface}`, 'slow_mode', value, { iface, hostId: 'host-1' })
    slow('veth12', 1)
    slow('eth0', 0)
    bed.look()
    expect(bed.test('HOST', 'host-1', 'HOST_NETWORK_INTERFACES_SLOW_MODE').summary).toBe('GOOD')
    bed.pass(1_000)
    slow('eth1', 1)
    bed.look()
    expect(bed.test('HOST', 'host-1', 'HOST_NETWORK_INTERFACES_SLOW_MODE')).toMatchObject({
      summary: 'CONCERNING',
      explanation: 'Interface eth1 in slow mode: 1 (1 is yes). Warning threshold: any.',
    })
  })

  it('of file systems in memory do not count for the host', () => {
    const bed = bench()
    bed.allWell()
    for (const [mountpoint, filesystemType, free] of [
      ['/', 'ext4', 50],
      ['/tmp/small', 'tmpfs', 1],
      ['/boot/efi', 'vfat', 1],
    ] as const)
      for (const [metric, value] of [
        ['capacity', 100],
        ['capacity_free', free],
      ] as const)
        bed.put('FILESYSTEM', `host-1:${mountpoint}`, metric, value, {
          mountpoint,
          filesystemType,
          hostId: 'host-1',
        })
    bed.look()
    expect(bed.test('HOST', 'host-1', 'HOST_FILESYSTEMS_FREE_SPACE')).toMatchObject({
      summary: 'GOOD',
      explanation: 'Free space on /: 50.00%.',
    })
  })

  it('that stop coming are not available any more; of a quorum member that is bad', () => {
    const bed = bench()
    bed.allWell()
    bed.put('ROLE', 'zk-SERVER-1', 'fd_open', 10)
    bed.put('ROLE', 'zk-SERVER-1', 'fd_max', 100)
    bed.look()
    bed.pass(4 * MINUTE)
    bed.look()
    expect(bed.test('ROLE', 'zk-SERVER-1', 'ZOOKEEPER_SERVER_FILE_DESCRIPTOR')).toMatchObject({
      summary: 'NOT_AVAILABLE',
      explanation: 'The newest figures of fd_open are 4 minutes old.',
    })
    expect(bed.test('ROLE', 'zk-SERVER-1', 'ZOOKEEPER_SERVER_QUORUM_MEMBERSHIP').summary).toBe('BAD')
  })

  it('that stop coming change nothing while the monitor itself may be the cause', () => {
    const bed = bench()
    bed.allWell()
    bed.look()
    bed.pass(10 * MINUTE)
    expect(bed.look(true)).toEqual([])
  })

  it('use thresholds of the configuration, by name without case', () => {
    const model = zookeeperModel()
    model.configs.zk!.values = { Server_FD_Thresholds: '{"warning":"5","critical":"8"}' }
    const bed = bench(model)
    bed.allWell()
    bed.put('ROLE', 'zk-SERVER-1', 'fd_open', 9)
    bed.put('ROLE', 'zk-SERVER-1', 'fd_max', 100)
    bed.look()
    expect(bed.test('ROLE', 'zk-SERVER-1', 'ZOOKEEPER_SERVER_FILE_DESCRIPTOR').explanation).toBe(
      'Open file descriptors: 9 of 100, 9.00%. Critical threshold: 8.00%.',
    )
  })

  it('count as percentages when the absolute thresholds are off', () => {
    const model = zookeeperModel()
    model.configs.zk!.values = {
      log_directory_free_space_absolute_thresholds: '{"warning":"never","critical":"never"}',
      log_directory_free_space_percentage_thresholds: '{"warning":"20","critical":"10"}',
    }
    const bed = bench(model)
    bed.allWell()
    const attributes = { mountpoint: '/', hostId: 'host-1' }
    bed.put('FILESYSTEM', 'host-1:/', 'capacity_free', 15, attributes)
    bed.put('FILESYSTEM', 'host-1:/', 'capacity', 100, attributes)
    bed.look()
    expect(bed.test('ROLE', 'zk-SERVER-1', 'ZOOKEEPER_SERVER_LOG_DIRECTORY_FREE_SPACE')).toMatchObject({
      summary: 'CONCERNING',
      unit: 'percent',
      value: 15,
    })
  })
})

describe('after a start', () => {
  it('a role that does not answer yet is not bad until its time is over', () => {
    const bed = bench()
    bed.allWell()
    bed.look()
    bed.pass(1_000)
    bed.facts({ roles: [{ identity: 'zk-SERVER-1', state: 'RUNNING', startedAt: bed.now }] })
    bed.put('ROLE', 'zk-SERVER-1', 'web_metrics_collection_status', 0)
    bed.look()
    const name = 'ZOOKEEPER_SERVER_WEB_METRIC_COLLECTION'
    expect(bed.test('ROLE', 'zk-SERVER-1', name).summary).toBe('NOT_AVAILABLE')
    bed.pass(6 * MINUTE)
    bed.put('ROLE', 'zk-SERVER-1', 'web_metrics_collection_status', 0)
    bed.look()
    expect(bed.test('ROLE', 'zk-SERVER-1', name)).toMatchObject({
      summary: 'BAD',
      explanation: 'The check failed.',
    })
  })
})

describe('the canary of a service', () => {
  it('is judged by who ran it last, is bad when it failed, and has a duration that may be limited', () => {
    const model = zookeeperModel()
    const slow = { zookeeper_canary_duration_thresholds: '{"warning":"1000","critical":"never"}' }
    model.configs.slow = { values: slow }
    model.services[0]!.config = 'slow'
    const bed = bench(model)
    bed.allWell()
    const ran = (role: string, status: number, duration: number) => {
      bed.pass(1_000)
      bed.put('ROLE', role, 'zookeeper_canary_status', status)
      bed.put('ROLE', role, 'zookeeper_canary_duration', duration)
      bed.look()
      return bed.test('SERVICE', 'c1:zk', 'ZOOKEEPER_CANARY_HEALTH')
    }
    expect(ran('zk-SERVER-1', 1, 12)).toMatchObject({
      summary: 'GOOD',
      value: 12,
      explanation: expect.stringMatching(/^The canary took 12/),
    })
    bed.facts({
      roles: [
        { identity: 'zk-SERVER-1', failures: [{ metric: 'zookeeper_canary_status', message: 'no answer' }] },
      ],
    })
    expect(ran('zk-SERVER-1', 0, 15_000)).toMatchObject({
      summary: 'BAD',
      explanation: expect.stringMatching(/^The check, run by .*SERVER.*, failed: no answer\.$/),
    })
    expect(bed.summary('SERVICE', 'c1:zk')).toBe(2)
    // Another one runs it from now on; what the first one said last is over.
    expect(ran('zk-SERVER-3', 1, 20)).toMatchObject({ summary: 'GOOD', value: 20 })
    expect(ran('zk-SERVER-3', 1, 1_500)).toMatchObject({ summary: 'CONCERNING' })
    // What it said is over with the next facts that do not say it.
    bed.facts({ roles: [{ identity: 'zk-SERVER-1' }] })
    expect(ran('zk-SERVER-1', 0, 15_000).explanation).toMatch(/^The check, run by .* failed\.$/)
    // It has been started anew: what failed before is no trouble of now.
    bed.pass(1_000)
    bed.facts({ roles: [{ identity: 'zk-SERVER-1', state: 'RUNNING', startedAt: bed.now }] })
    bed.look()
    expect(bed.test('SERVICE', 'c1:zk', 'ZOOKEEPER_CANARY_HEALTH')).toMatchObject({
      summary: 'NOT_AVAILABLE',
      explanation: expect.stringMatching(/^The check has not been run since the role was started/),
    })
    expect(ran('zk-SERVER-1', 0, 15_000)).toMatchObject({ summary: 'BAD' })
  })
})

describe('suppression and maintenance', () => {
  it('a suppressed test is shown and does not count', () => {
    const model = zookeeperModel()
    model.roles[1]!.suppressed = ['ZOOKEEPER_SERVER_SCM_HEALTH']
    const bed = bench(model)
    bed.allWell()
    bed.look()
    bed.facts({ roles: [{ identity: 'zk-SERVER-2', state: 'FATAL', problem: 'No such program.' }] })
    const [change, ...rest] = bed.look()
    expect(inShort(change!)).toBe('ROLE zk-SERVER-2 GOOD→GOOD (ZOOKEEPER_SERVER_SCM_HEALTH GOOD→BAD)')
    expect(change!.tests.find((each) => each.from)).toMatchObject({ suppressed: true, summary: 'BAD' })
    expect(rest).toEqual([])
  })

  it('maintenance of what an entity belongs to is its own, and health goes on', () => {
    const model = zookeeperModel()
    model.clusters[0]!.maintenance = true
    const bed = bench(model)
    bed.allWell()
    bed.look()
    bed.facts({ roles: [{ identity: 'zk-SERVER-2', state: 'EXITED' }] })
    const [change] = bed.look()
    expect(change).toMatchObject({ to: 'BAD', maintenance: true })
  })
})

describe('a new model', () => {
  it('keeps the results of what is still there, and tells nothing', () => {
    const bed = bench()
    bed.allWell()
    bed.facts({ roles: [{ identity: 'zk-SERVER-2', state: 'EXITED' }] })
    bed.look()
    const next = zookeeperModel({ version: 2 })
    next.roles = next.roles.slice(1)
    const gone = bed.apply(next)
    expect(gone.map(({ identity }) => identity)).toEqual(['zk-SERVER-1'])
    expect(bed.short()).toEqual([
      'SERVICE c1:zk CONCERNING→BAD (ZOOKEEPER_SERVERS_HEALTHY CONCERNING→BAD)',
      'CLUSTER c1 CONCERNING→BAD (CLUSTER_SERVICES_HEALTH CONCERNING→BAD)',
    ])
    expect(bed.summary('ROLE', 'zk-SERVER-2')).toBe(2)
  })

  it('moves a role to another host, and its folders with it', () => {
    const bed = bench()
    bed.allWell()
    for (const [host, free] of [
      ['host-1', 100],
      ['host-2', 1],
    ] as const)
      bed.put('FILESYSTEM', `${host}:/`, 'capacity_free', free * 1024 ** 3, { mountpoint: '/', hostId: host })
    bed.look()
    const test = () => bed.test('ROLE', 'zk-SERVER-1', 'ZOOKEEPER_SERVER_DATA_DIRECTORY_FREE_SPACE').summary
    expect(test()).toBe('GOOD')
    const next = zookeeperModel({ version: 2 })
    next.roles[0]!.host = 'host-2'
    bed.apply(next)
    bed.look()
    expect(test()).toBe('BAD')
    bed.put('FILESYSTEM', 'host-2:/data', 'capacity_free', 50 * 1024 ** 3, {
      mountpoint: '/data',
      hostId: 'host-2',
    })
    bed.apply(zookeeperModel({ version: 3, roles: next.roles }))
    bed.look()
    expect(test()).toBe('GOOD')
  })

  it('brings tests of service types that we do not know, and roles of any type have the common ones', () => {
    const model = zookeeperModel({
      tests: [
        {
          name: 'BROKER_OFFLINE_PARTITIONS',
          label: 'Offline partitions',
          description: '',
          on: 'ROLE',
          serviceType: 'KAFKA',
          roleTypes: ['BROKER'],
          source: { kind: 'metric', metric: 'kafka_offline_partitions' },
          thresholds: {
            parameter: 'offline_partitions_thresholds',
            label: '',
            warning: '2',
            critical: '3',
            direction: 'above',
            inclusive: true,
            unit: 'partitions',
          },
          sentence: 'Offline partitions: {value}.',
          messages: { BAD: '{value} are away.' },
          advice: '',
        },
      ],
    })
    model.services.push({
      identity: 'c1:kafka',
      name: 'c1:kafka',
      serviceName: 'kafka',
      type: 'KAFKA',
      cluster: 'c1',
      expected: 'RUNNING',
    })
    model.roles.push({
      identity: 'kafka-BROKER-1',
      name: 'kafka-BROKER-1',
      type: 'BROKER',
      service: 'c1:kafka',
      host: 'host-1',
      expected: 'RUNNING',
    })
    const bed = bench(model)
    bed.allWell()
    bed.put('ROLE', 'kafka-BROKER-1', 'kafka_offline_partitions', 3)
    bed.look()
    expect(bed.test('ROLE', 'kafka-BROKER-1', 'BROKER_OFFLINE_PARTITIONS')).toMatchObject({
      summary: 'BAD',
      explanation: '3 partitions are away. Critical threshold: 3 partitions.',
    })
    expect(bed.test('ROLE', 'kafka-BROKER-1', 'BROKER_SCM_HEALTH').summary).toBe('GOOD')
    expect(bed.test('SERVICE', 'c1:kafka', 'BROKERS_HEALTHY').summary).toBe('BAD')
    expect(bed.summary('CLUSTER', 'c1')).toBe(2)
  })
})

describe('an active NameNode', () => {
  function hdfs() {
    const model = zookeeperModel()
    model.services = [{ ...model.services[0]!, identity: 'c1:hdfs', name: 'c1:hdfs', type: 'HDFS' }]
    model.roles = [1, 2].map((n) => ({
      identity: `nn-${n}`,
      name: `nn-${n}`,
      type: 'NAMENODE',
      service: 'c1:hdfs',
      host: `host-${n}`,
      expected: 'RUNNING' as const,
    }))
    const bed = bench(model)
    const active = (one: number, other: number) => {
      bed.put('ROLE', 'nn-1', 'hdfs_is_active', one)
      bed.put('ROLE', 'nn-2', 'hdfs_is_active', other)
    }
    return { bed, active }
  }

  it('may be missing for three minutes', () => {
    const { bed, active } = hdfs()
    bed.allWell()
    active(1, 0)
    bed.look()
    const test = () => bed.test('SERVICE', 'c1:hdfs', 'HDFS_HA_NAMENODE_HEALTH')
    expect(test().explanation).toBe('One NAMENODE is active (node1.example: good, node2.example: good).')
    expect(bed.test('SERVICE', 'c1:hdfs', 'HDFS_STANDBY_NAMENODES_HEALTH').summary).toBe('GOOD')
    for (let s = 0; s <= 170; s += 10) {
      bed.pass(10_000)
      active(0, 0)
      bed.look()
      expect(test().summary).toBe('GOOD')
    }
    bed.pass(20_000)
    active(0, 0)
    bed.look()
    expect(test()).toMatchObject({ summary: 'BAD' })
    expect(test().explanation).toContain('None is active among 2')
    active(0, 1)
    bed.pass(1_000)
    active(0, 1)
    bed.look()
    expect(test().summary).toBe('GOOD')
  })

  it('whose process has ended is not active, whatever its metrics said last', () => {
    const { bed, active } = hdfs()
    bed.allWell()
    active(1, 0)
    bed.look()
    bed.pass(1_000)
    bed.facts({ roles: [{ identity: 'nn-1', state: 'EXITED' }] })
    active(1, 1)
    bed.look()
    expect(bed.test('SERVICE', 'c1:hdfs', 'HDFS_HA_NAMENODE_HEALTH').summary).toBe('GOOD')
    expect(bed.test('SERVICE', 'c1:hdfs', 'HDFS_STANDBY_NAMENODES_HEALTH').summary).toBe('GOOD')
    bed.pass(200_000)
    bed.facts({ roles: [{ identity: 'nn-2', state: 'RUNNING' }] })
    active(1, 1)
    bed.look()
    expect(bed.test('SERVICE', 'c1:hdfs', 'HDFS_STANDBY_NAMENODES_HEALTH').summary).toBe('CONCERNING')
  })

  it('is whose figures count for the service', () => {
    const { bed, active } = hdfs()
    bed.allWell()
    active(1, 0)
    for (const [role, missing] of [
      ['nn-1', 0],
      ['nn-2', 5],
    ] as const) {
      bed.put('ROLE', role, 'hdfs_missing_blocks', missing)
      bed.put('ROLE', role, 'hdfs_blocks', 1_000)
    }
    bed.look()
    expect(bed.test('SERVICE', 'c1:hdfs', 'HDFS_MISSING_BLOCKS').summary).toBe('GOOD')
    bed.pass(1_000)
    active(0, 1)
    bed.look()
    expect(bed.test('SERVICE', 'c1:hdfs', 'HDFS_MISSING_BLOCKS')).toMatchObject({
      summary: 'BAD',
      explanation: 'Missing blocks: 5 of 1,000, 0.50%. Critical threshold: any.',
    })
  })
})

describe('without a manager', () => {
  it('hosts that send metrics are looked after, and are bad when they fall silent', () => {
    const bed = bench(null)
    bed.put('HOST', 'h1', 'entropy_available', 256, { hostname: 'node1', hostId: 'h1' })
    expect(bed.short()).toEqual([
      'HOST h1 NOT_AVAILABLE→GOOD (HOST_SCM_HEALTH NOT_AVAILABLE→GOOD, HOST_ENTROPY NOT_AVAILABLE→GOOD)',
    ])
    bed.pass(1_000)
    bed.put('HOST', 'h1', 'entropy_available', 20)
    expect(bed.short()).toEqual(['HOST h1 GOOD→BAD (HOST_ENTROPY GOOD→BAD)'])
    bed.pass(6 * MINUTE)
    // A monitor that was away itself waits for them to be heard again.
    bed.look(true)
    expect(bed.test('HOST', 'h1', 'HOST_SCM_HEALTH').summary).toBe('GOOD')
    bed.look()
    expect(bed.test('HOST', 'h1', 'HOST_SCM_HEALTH')).toMatchObject({
      summary: 'CONCERNING',
      explanation: 'Heartbeats missed: 6. Warning threshold: 5.',
    })
  })
})

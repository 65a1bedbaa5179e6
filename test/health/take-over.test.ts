import { beforeAll, describe, expect, it } from 'vitest'
import { explainAll } from '../../src/health/evaluate/explain.js'
import { createPicture, type Picture } from '../../src/health/evaluate/picture.js'
import { createStreams, type Streams } from '../../src/health/evaluate/streams.js'
import { sweep } from '../../src/health/evaluate/sweep.js'
import { TURN } from '../../src/health/evaluate/take-over.js'
import { createModels } from '../../src/health/models.js'
import type { HealthModel } from '../../src/wire/health.js'
import type { HealthTestFile } from '../../src/wire/health-tests.js'
import { MemoryCatalogue } from '../ingest/support/memory-catalogue.js'
import { allOf, testFiles } from './support.js'

const NOW = 1_700_000_000_000

let files: HealthTestFile[]
beforeAll(async () => {
  files = await testFiles()
})

/** ZooKeepers of five servers on as many hosts. */
function modelOf(hosts: number, version = 1): HealthModel {
  const range = (count: number) => Array.from({ length: count }, (_, n) => n)
  return {
    term: 1,
    version,
    configs: { zk: { values: {}, paths: { data: ['/data'], dataLog: ['/data'], log: ['/var'] } } },
    clusters: [{ identity: 'c', name: 'c' }],
    services: range(Math.ceil(hosts / 5)).map((s) => ({
      ...{ identity: `zk-${s}`, name: `zk-${s}`, serviceName: `zk-${s}`, type: 'ZOOKEEPER' },
      ...{ cluster: 'c', expected: 'RUNNING' as const },
    })),
    hosts: range(hosts).map((h) => ({
      identity: `h${h}`,
      name: `h${h}`,
      hostname: `node${h}`,
      cluster: 'c',
    })),
    roles: range(hosts).map((r) => ({
      ...{ identity: `r${r}`, name: `r${r}`, type: 'SERVER', service: `zk-${Math.floor(r / 5)}` },
      ...{ host: `h${r}`, expected: 'RUNNING' as const, config: 'zk' },
    })),
  }
}

function bench(streams: Streams = createStreams(() => NOW)) {
  const catalogue = new MemoryCatalogue()
  const mount = (host: string, mountpoint: string) =>
    catalogue.entities[
      catalogue.addEntity({
        category: 'FILESYSTEM',
        name: `${host}:${mountpoint}`,
        attributes: { hostId: host, mountpoint },
      })
    ]!
  const picture = createPicture({ catalogue, streams, files, remembered: new Map() })
  const now = { time: NOW, factsAt: NOW, lastSeen: () => NOW }
  const look = () => [...sweep({ picture, streams, now, patient: false })].flat()
  const explanation = (category: string, identity: string, test: string) =>
    explainAll(picture.find(category, identity)!, picture.table, streams, now).find(
      (each) => each.test === test,
    )!.explanation
  return { catalogue, picture, streams, mount, look, explanation }
}

const seenOf = ({ nodes, table, model, tests, version }: Picture) => ({ nodes, table, model, tests, version })

describe('a model that is taken over', () => {
  it('is so in turns, each of which does no more of it however large it is', () => {
    const most = [300, 1_200].map((hosts) => {
      let work = 0
      const streams = createStreams(() => NOW)
      const bed = bench({
        ...streams,
        slot(...given) {
          work++
          return streams.slot(...given)
        },
        stream(...given) {
          work++
          return streams.stream(...given)
        },
      })
      const { entityAt } = bed.catalogue
      bed.catalogue.entityAt = function (index) {
        work++
        return entityAt.call(this, index)
      }
      for (let h = 0; h < hosts; h++) for (const at of ['/', '/data', '/var']) bed.mount(`h${h}`, at)
      const model = modelOf(hosts)
      // Each is read when it gets its node, and again when it is linked.
      const counted = <T extends object>(entity: T): T =>
        new Proxy(entity, {
          get(of, name, receiver) {
            if (name === 'identity' || name === 'cluster' || name === 'host') work++
            return Reflect.get(of, name, receiver)
          },
        })
      const turns = bed.picture.takeOver(
        { ...model, hosts: model.hosts.map(counted), roles: model.roles.map(counted) },
        NOW,
      )
      let longest = 0
      let all = 0
      let count = 0
      for (let turn = turns.next(); ; turn = turns.next()) {
        longest = Math.max(longest, work)
        all += work
        work = 0
        count++
        if (turn.done) break
      }
      expect(bed.picture.nodes).toHaveLength(2 * hosts + hosts / 5 + 1)
      return { longest, all, count }
    })
    const [small, large] = most as [(typeof most)[0], (typeof most)[0]]
    expect(large.all).toBeGreaterThan(3 * small.all)
    expect(large.count).toBeGreaterThan(3 * small.count)
    // What is counted here is not all that counts there, and an entity is not divided.
    for (const { longest } of most) expect(longest).toBeLessThan(3 * TURN)
  })

  it('is in force all at once: until then everything is as it was', () => {
    const bed = bench()
    allOf(bed.picture.takeOver(modelOf(300), NOW))
    const before = seenOf(bed.picture)
    const turns = bed.picture.takeOver(modelOf(600, 2), NOW)
    let count = 0
    let turn = turns.next()
    for (; !turn.done; turn = turns.next()) {
      count++
      const now = seenOf(bed.picture)
      for (const key of ['nodes', 'table', 'model', 'tests', 'version'] as const)
        expect(now[key]).toBe(before[key])
      expect(bed.picture.find('HOST', 'h599')).toBeUndefined()
      expect(before.nodes).toHaveLength(661)
    }
    expect(count).toBeGreaterThan(5)
    expect(turn.value).toEqual([])
    expect(bed.picture.find('HOST', 'h599')).toBeDefined()
    expect(bed.picture).toMatchObject({ version: before.version + 1, model: { version: 2 } })
    expect(bed.picture.nodes).toHaveLength(1_321)
  })

  it('loses nothing that comes meanwhile, in whatever turn: facts, results, parts of hosts', async () => {
    for (const when of [2, 8, 13]) {
      const bed = bench()
      for (let h = 0; h < 300; h++) bed.mount(`h${h}`, '/')
      const models = createModels(() => bed.picture, new AbortController().signal)
      await models.take(modelOf(300), NOW)
      bed.look()
      const taken = models.take(modelOf(300, 2), NOW)
      for (let i = 0; i < when; i++) await new Promise((resolve) => setImmediate(resolve))
      expect(bed.picture.model?.version).toBe(1)
      for (const n of [0, 299]) {
        const owner = bed.picture.ownerOf(bed.mount(`h${n}`, '/data'))
        for (const [metric, value] of [
          ['capacity', 1e12],
          ['capacity_free', 1e9],
        ] as const)
          for (let slot = bed.streams.firstSlot(metric, owner); slot >= 0; slot = bed.streams.next(slot))
            bed.streams.put(slot, NOW, value)
        models.change(() =>
          bed.picture.facts({
            term: 1,
            at: NOW,
            roles: [{ identity: `r${n}`, state: 'FATAL', problem: 'No.' }],
          }),
        )
      }
      await taken
      expect(bed.picture.model?.version).toBe(2)
      bed.look()
      for (const n of [0, 299]) {
        expect(bed.explanation('ROLE', `r${n}`, 'ZOOKEEPER_SERVER_SCM_HEALTH')).toContain('No.')
        expect(bed.explanation('ROLE', `r${n}`, 'ZOOKEEPER_SERVER_DATA_DIRECTORY_FREE_SPACE')).toContain(
          '/data',
        )
      }
    }
  })

  it('keeps the place of another until that is done, and changes nothing when all is stopped', async () => {
    const bed = bench()
    const stopping = new AbortController()
    const models = createModels(() => bed.picture, stopping.signal)
    const order: string[] = []
    const take = (version: number) =>
      models.take(modelOf(300, version), NOW, async (gone, table) => {
        expect(table).not.toBe(bed.picture.table)
        await new Promise((resolve) => setImmediate(resolve))
        order.push(`${version} of ${models.begun}, gone ${gone.length}`)
      })
    await Promise.all([take(1), take(2)])
    expect(order).toEqual(['1 of 1, gone 0', '2 of 2, gone 0'])
    expect(models.taking).toBeUndefined()
    const last = take(3)
    await new Promise((resolve) => setImmediate(resolve))
    stopping.abort()
    await last
    expect(bed.picture.model?.version).toBe(2)
    expect(order).toHaveLength(2)
  })

  it('leaves no room taken by those that are gone, nor by settings that are in force nowhere', () => {
    const bed = bench()
    const take = (model: HealthModel) => {
      const turns = bed.picture.takeOver(model, NOW)
      let turn = turns.next()
      while (!turn.done) turn = turns.next()
      for (const piece of bed.picture.leftOver(turn.value)) piece()
    }
    const sizes: [count: number, bytes: number][] = []
    for (let round = 0; round < 12; round++) {
      // Every other host with its role is another one than before, and each time a window is set that never was.
      const { hosts, roles, configs, ...rest } = modelOf(20, round)
      const anew = (identity: string) => (Number(identity.slice(1)) % 2 ? `${identity} ${round}` : identity)
      for (const { identity } of hosts) bed.mount(anew(identity), '/data')
      configs.zk!.values.zookeeper_server_max_latency_window = String(5 + round)
      take({
        ...{ ...rest, configs },
        hosts: hosts.map((host) => ({ ...host, identity: anew(host.identity) })),
        roles: roles.map((role) => ({ ...role, identity: anew(role.identity), host: anew(role.host) })),
      })
      sizes.push([bed.streams.count, bed.streams.bytes])
    }
    expect(sizes.at(-1)).toEqual(sizes[1])
    // What is there still finds its figures.
    const owner = bed.picture.find('ROLE', 'r0')!.id
    expect(bed.streams.ownersOf(bed.streams.stream('process_running', 'last', 0))).toContain(owner)
    take({ ...modelOf(20, 99), hosts: [], roles: [], services: [], clusters: [] })
    expect(bed.streams.count).toBe(0)
  })
})

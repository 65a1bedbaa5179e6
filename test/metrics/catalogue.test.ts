import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCatalogue } from '../../src/metrics/catalogue/catalogue.js'
import { createIdTable } from '../../src/metrics/catalogue/id-table.js'
import { createSeriesList } from '../../src/metrics/catalogue/series-list.js'
import { batchKey, entityId, FIRST_ID, idBits, metricId } from '../../src/metrics/ids.js'
import { DEFAULT_LIMITS } from '../../src/metrics/limits.js'
import { createStoredBatches } from '../../src/metrics/writer/batches.js'
import { DAY_MS, daysOf } from '../../src/metrics/writer/days.js'
import { columns } from './support.js'

describe('ids', () => {
  it('stay what they are: they are in the data', () => {
    expect(metricId('cpu_user_rate')).toBe(4113688755224614)
    expect(metricId('CPU_User_Rate')).toBe(4113688755224614)
    expect(entityId('HOST', 'h1')).toBe(3975447509266606)
    expect(entityId('host', 'h1')).toBe(3975447509266606)
    expect(entityId('HOST', 'H1')).not.toBe(3975447509266606)
    expect(batchKey(Buffer.from('cpu,host=a value=1 1451606400000000000'))).toBe(4454087714969183)
  })

  it('are integers below 2^52 and above the marks, and survive a Float64Array', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const id = metricId(name)
        expect(Number.isSafeInteger(id) && id >= FIRST_ID && id < 2 ** 52).toBe(true)
        const copy = Float64Array.of(idBits(id))
        expect(new BigUint64Array(copy.buffer)[0]).toBe(BigInt(id))
      }),
    )
  })
})

describe('the table of ids', () => {
  it('is a map', () => {
    const id = fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 2 ** 52 }))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(id, fc.nat({ max: 2 ** 32 - 1 })), { maxLength: 500 }),
        id,
        (entries, other) => {
          const table = createIdTable()
          for (const [key, value] of entries) table.set(key, value)
          const map = new Map(entries)
          expect(table.size).toBe(map.size)
          for (const key of [...map.keys(), other]) expect(table.get(key)).toBe(map.get(key))
        },
      ),
    )
  })
})

describe('the list of series', () => {
  it('answers as a plain list of pairs does, in whatever order it is asked', () => {
    const pair = fc.tuple(fc.nat({ max: 12 }), fc.nat({ max: 40 }))
    fc.assert(
      fc.property(fc.array(fc.tuple(pair, fc.boolean()), { maxLength: 400 }), (steps) => {
        const list = createSeriesList()
        const model: [number, number][] = []
        for (const [[metric, entity], ask] of steps) {
          const known = model.findIndex(([m, e]) => m === metric && e === entity)
          expect(list.find(metric, entity)).toBe(known < 0 ? undefined : known)
          if (known < 0) {
            expect(list.add(metric, entity, 0)).toBe(model.length)
            model.push([metric, entity])
          }
          if (ask) {
            const entities = model.filter(([m]) => m === metric).map(([, e]) => e)
            expect(list.entitiesOf(metric)).toEqual(entities)
            expect(list.countOf(metric)).toBe(entities.length)
            expect(list.metricsOf(entity)).toEqual(model.filter(([, e]) => e === entity).map(([m]) => m))
          }
        }
        expect(list.count).toBe(model.length)
        expect(list.entitiesOf(99)).toEqual([])
      }),
    )
  })

  it('of a million series takes less than 40 bytes for each', () => {
    const list = createSeriesList()
    for (let entity = 0; entity < 20_000; entity++)
      for (let metric = 0; metric < 50; metric++) list.add(metric, entity, 0)
    for (let metric = 0; metric < 50; metric++) list.entitiesOf(metric)
    expect(list.bytes / 1e6).toBeLessThan(40)
    expect(list.find(49, 19_999)).toBe(999_999)
  })
})

describe('the catalogue', () => {
  const create = (limits = {}) => createCatalogue({ limits: { ...DEFAULT_LIMITS, ...limits } })

  it('takes a name before an alias, and both in any case', () => {
    const catalogue = create()
    catalogue.addMetric({ name: 'first', aliases: ['second', 'ONE'] })
    const second = catalogue.addMetric({ name: 'Second' })
    expect(catalogue.findMetric('SECOND')?.index).toBe(second)
    expect(catalogue.findMetric('one')?.name).toBe('first')
    expect(catalogue.findMetric('none')).toBeUndefined()
  })

  it('changes its version for what is new, and only for that', () => {
    const catalogue = create()
    const add = () => {
      const metric = catalogue.addMetric({ name: 'm', unitNumerators: ['bytes'] })
      const entity = catalogue.addEntity({ category: 'HOST', name: 'h', attributes: { rack: '/a' } })
      catalogue.addSeries(metric, entity)
    }
    const versions: number[] = []
    const step = (change: () => void) => {
      change()
      versions.push(catalogue.version)
    }
    step(add)
    step(add)
    expect(versions[1]).toBe(versions[0])
    step(() => catalogue.addMetric({ name: 'm', description: 'now described' }))
    step(() => catalogue.addEntity({ category: 'HOST', name: 'h', attributes: { rack: '/b' } }))
    expect(new Set(versions.slice(1)).size).toBe(3)
    expect(catalogue.metricAt(0)).toMatchObject({ description: 'now described', unitNumerators: ['bytes'] })
  })

  it('gives a name that was given up to the entity that takes it', () => {
    const catalogue = create()
    const host = (name: string, identity: string) =>
      catalogue.addEntity({ category: 'HOST', name, identity, attributes: {} })
    const a = host('web', 'a')
    host('web-old', 'a')
    expect(catalogue.findEntity('HOST', 'web')?.index).toBe(a)
    const b = host('web', 'b')
    expect(catalogue.findEntity('HOST', 'web')?.index).toBe(b)
    expect(catalogue.findEntity('HOST', 'web-old')?.index).toBe(a)
    expect(catalogue.findEntity('DISK', 'web')).toBeUndefined()
  })

  it('keeps the new name of an entity whose sender goes on calling it by its identity', () => {
    const catalogue = create()
    const sent = { category: 'CUSTOM', name: 'q=1', attributes: {} }
    const entity = catalogue.addEntity(sent)
    catalogue.addEntity({ ...sent, identity: 'q=1', name: 'orders' })
    expect(catalogue.addEntity({ ...sent, attributes: { colour: 'red' } })).toBe(entity)
    expect(catalogue.entityAt(entity)).toMatchObject({ name: 'orders', attributes: { colour: 'red' } })
    catalogue.addEntity({ ...sent, identity: 'q=1' })
    expect(catalogue.entityAt(entity).names.map(({ name }) => name)).toEqual(['q=1', 'orders', 'q=1'])
  })

  it('keeps a name that was given by a call, whatever name the sender goes on with', () => {
    const catalogue = create()
    const send = (name: string, to = catalogue) =>
      to.addEntity({ category: 'ROLE', name, identity: 'mgmt-MONITOR-h1', attributes: {} })
    const names = () => catalogue.entityAt(0).names.map(({ name }) => name)
    const role = send('MONITOR')
    catalogue.renameEntity(role, 'MONITOR-1')
    send('MONITOR')
    send('MONITOR')
    expect(names()).toEqual(['MONITOR', 'MONITOR-1'])
    send('SERVICEMONITOR')
    expect(names()).toEqual(['MONITOR', 'MONITOR-1', 'SERVICEMONITOR'])
    send('MONITOR')
    expect(names()).toEqual(['MONITOR', 'MONITOR-1', 'SERVICEMONITOR', 'MONITOR'])

    const afterStart = create()
    afterStart.loadEntity(
      { category: 'ROLE', name: 'MONITOR', identity: 'mgmt-MONITOR-h1', attributes: {} },
      1,
    )
    afterStart.loadName(catalogue.entityAt(role).id, 'MONITOR-1', 2)
    send('MONITOR', afterStart)
    expect(afterStart.entityAt(0).name).toBe('MONITOR-1')
    send('RENAMED', afterStart)
    expect(afterStart.entityAt(0).name).toBe('RENAMED')
  })

  it('goes on with an entity whose sender takes over the name that a call gave it, also after a start', () => {
    const catalogue = create()
    const send = (name: string, to = catalogue) =>
      to.addEntity({ category: 'CUSTOM', name, attributes: { q: name } })
    const entity = send('q=1')
    catalogue.renameEntity(entity, 'q=2')
    expect([send('q=2'), send('q=1')]).toEqual([entity, entity])
    expect(catalogue.entityAt(entity)).toMatchObject({ name: 'q=2', identity: 'q=1' })
    catalogue.renameEntity(entity, 'q=3')
    expect(send('q=2')).not.toBe(entity)

    const afterStart = create()
    afterStart.loadEntity({ category: 'CUSTOM', name: 'q=1', identity: 'q=1', attributes: {} }, 1)
    afterStart.loadName(catalogue.entityAt(entity).id, 'q=2', 2)
    expect([send('q=2', afterStart), send('q=1', afterStart)]).toEqual([0, 0])
  })

  it('stops an entity that changes its name for ever', () => {
    const catalogue = create({ namesPerEntity: 3 })
    const rename = (name: string) =>
      catalogue.addEntity({ category: 'HOST', name, identity: 'x', attributes: {} })
    for (const name of ['a', 'b', 'c']) rename(name)
    expect(() => rename('d')).toThrow(/3 names of entity "d"/)
  })

  it('takes hostile attribute names for what they are: names', () => {
    const catalogue = create()
    const attributes = JSON.parse('{"__proto__": "x", "constructor": "y", "toString": "z", "": "e"}')
    const entity = catalogue.addEntity({ category: 'HOST', name: '__proto__', attributes })
    expect(catalogue.entityAt(entity).attributes.constructor).toBe('y')
    expect(catalogue.entityAt(entity).attributes.toString).toBe('z')
    expect(catalogue.findEntity('HOST', '__proto__')?.index).toBe(entity)
    const { version } = catalogue
    catalogue.addEntity({ category: 'HOST', name: '__proto__', attributes })
    expect(catalogue.version).toBe(version)
    expect(catalogue.entityAt(entity).attributes[''] === 'e').toBe(true)
  })
})

describe('stored batches', () => {
  it('are known by key and day, and the oldest are forgotten first', () => {
    const batches = createStoredBatches(1000)
    for (let key = 1; key <= 1500; key++) batches.add(key, 20_000)
    expect(batches.has(1, 20_000)).toBe(true)
    expect(batches.has(1, 20_001)).toBe(false)
    expect(batches.has(1501, 20_000)).toBe(false)
    for (let key = 1501; key <= 100_000; key++) batches.add(key, 20_000)
    expect(batches.has(1, 20_000)).toBe(false)
    expect(batches.has(99_001, 20_000)).toBe(true)
    expect(batches.size).toBeLessThanOrEqual(2000)
  })
})

it('the days of a batch are those of its times', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 4e12 })), (times) => {
      const batch = columns(...times.map((time): [number, number, number] => [0, time, 0]))
      expect(daysOf(batch).sort()).toEqual(
        [...new Set(times.map((time) => Math.floor(time / DAY_MS)))].sort(),
      )
    }),
  )
})

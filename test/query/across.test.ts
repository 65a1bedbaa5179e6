import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { shapeErrors } from './shape.js'
import { host, only, openQueryBed, type QueryBed, withLimits } from './support.js'

let bed: QueryBed
const T = Date.UTC(2026, 0, 5, 9)
const minute = (i: number) => T + i * 60_000
const window = { from: T, to: T + 600_000 }

beforeAll(async () => {
  bed = await openQueryBed()
  const writes: Promise<void>[] = []
  for (let h = 0; h < 10; h++) {
    const attributes = { hostId: `id-${h}`, hostname: `node-${h}`, rackId: h < 4 ? '/r1' : '/r2' }
    writes.push(
      // The published example: ten entities, 200 … 209 at one instant.
      bed.put(
        { name: 'cpu_percent', unitNumerators: ['percent'] },
        { category: 'HOST', name: `id-${h}`, attributes },
        [
          [minute(0), 200 + h],
          [minute(1), 10],
        ],
      ),
    )
    for (const device of ['sda', 'sdb'])
      writes.push(
        bed.put(
          { name: 'read_bytes', isCounter: true, unitNumerators: ['bytes'] },
          { category: 'DISK', name: `id-${h}:${device}`, attributes: { ...attributes, device } },
          [0, 1, 2, 3].map((i) => [minute(i), i * 60 * (h + 1)] as const),
        ),
      )
  }
  for (const [role, service, type] of [
    ['dn-1', 'hdfs', 'DATANODE'],
    ['dn-2', 'hdfs', 'DATANODE'],
    ['nn', 'hdfs', 'NAMENODE'],
    ['dn-3', 'other', 'DATANODE'],
  ] as const)
    writes.push(
      bed.put(
        'xceivers',
        {
          category: 'ROLE',
          name: role,
          attributes: {
            roleType: type,
            serviceName: service,
            serviceType: 'HDFS',
            clusterName: 'c1',
            roleState: 'RUNNING',
          },
        },
        [[T, role.length + (service === 'other' ? 100 : 0)]],
      ),
    )
  writes.push(
    bed.put(
      'xceivers',
      {
        category: 'SERVICE',
        name: 'hdfs',
        attributes: { serviceName: 'hdfs', serviceType: 'HDFS', clusterName: 'c1' },
      },
      [[T, 1]],
    ),
  )
  await Promise.all(writes)
}, 120_000)
afterAll(() => bed.cleanUp())

describe('aggregates across entities', () => {
  test('the published example: statistics over ten entities at one instant', async () => {
    const item = await bed.ask('select cpu_percent_across_hosts where category = CLUSTER', window)
    expect(shapeErrors({ items: [item] }, 'ApiTimeSeriesResponseList')).toEqual([])
    const [first] = item.timeSeries[0]?.data ?? []
    const stamp = new Date(T).toISOString()
    expect(first).toEqual({
      timestamp: stamp,
      value: 204.5,
      type: 'SAMPLE',
      aggregateStatistics: {
        sampleTime: stamp,
        sampleValue: 209,
        count: 10,
        min: 200,
        minTime: stamp,
        max: 209,
        maxTime: stamp,
        mean: 204.5,
        stdDev: expect.closeTo(3.02765, 5),
        crossEntityMetadata: {
          maxEntityDisplayName: 'id-9',
          maxEntityName: 'id-9',
          minEntityDisplayName: 'id-0',
          minEntityName: 'id-0',
          numEntities: 10,
        },
      },
    })
  })

  test('every kind of parent has them', async () => {
    const names = async (query: string) =>
      (await bed.ask(query, window)).timeSeries
        .map(({ metadata: { attributes } }) => `${attributes.category} ${attributes.entityName}`)
        .sort()
    expect(await names('select cpu_percent_across_hosts')).toEqual([
      'CLUSTER default',
      'RACK /r1',
      'RACK /r2',
    ])
    expect(await names('select read_bytes_across_disks where category = RACK')).toEqual([
      'RACK /r1',
      'RACK /r2',
    ])
    expect(await names('select read_bytes_across_disks where entityName = "id-3"')).toEqual(['HOST id-3'])
    expect(await names('select xceivers_across_datanodes where category = SERVICE')).toEqual([
      'SERVICE hdfs',
      'SERVICE other',
    ])
  })

  test("a cluster's entityName is its id where a member knows it, as in Cloudera Manager", async () => {
    const place = { clusterName: 'c7', clusterDisplayName: 'Seven' }
    await bed.put('placed', host('p1', place), [[T, 1]])
    await bed.put('placed', host('p2', { ...place, clusterId: '7' }), [[T, 2]])
    const where = ['entityName = 7', 'clusterId = 7', 'clusterName = c7', 'clusterDisplayName = Seven']
    for (const condition of where) {
      const item = await bed.ask(
        `select total_placed_across_hosts where category = CLUSTER and ${condition}`,
        window,
      )
      expect(only(item, T)).toEqual([[0, 3]])
      expect(item.timeSeries[0]?.metadata).toMatchObject({
        entityName: 'Seven',
        attributes: { entityName: '7', clusterName: 'c7' },
        expression: 'SELECT total_placed_across_hosts WHERE entityName = "7" AND category = CLUSTER',
      })
    }
  })

  test('totals are plain sums, of rates of counters too', async () => {
    const item = await bed.ask('select total_read_bytes_rate_across_disks where category = CLUSTER', window)
    expect(item.timeSeries[0]?.metadata).toMatchObject({
      unitNumerators: ['bytes'],
      unitDenominators: ['seconds'],
    })
    expect(only(item, T)).toEqual([
      [60, 110],
      [120, 110],
      [180, 110],
    ])
    expect(item.timeSeries[0]?.data[0]).not.toHaveProperty('aggregateStatistics')
    const rack = await bed.ask(
      'select total_read_bytes_rate_across_disks where rackId = "/r1" and category = RACK',
      window,
    )
    expect(only(rack, T)[0]).toEqual([60, 20])
  })

  test('stats, functions and arithmetic over them', async () => {
    const one = async (expression: string) =>
      only(await bed.ask(`select ${expression} where category = CLUSTER`, window), T)[0]
    expect(await one('stats(cpu_percent_across_hosts, max)')).toEqual([0, 209])
    expect(await one('stats(cpu_percent_across_hosts, total)')).toEqual([0, 2045])
    expect(await one('total_cpu_percent_across_hosts')).toEqual([0, 2045])
    expect((await one('stats(cpu_percent_across_hosts, std_dev)'))?.[1]).toBeCloseTo(3.02765, 5)
    expect(await one('last(cpu_percent_across_hosts)')).toEqual([60, 10])
    // A function of the stream is of its points, which are means; the extremes are to be had with stats.
    expect(await one('max(cpu_percent_across_hosts)')).toEqual([0, 204.5])
    expect((await one('avg(cpu_percent_across_hosts)'))?.[1]).toBeCloseTo((204.5 + 10) / 2, 5)
    const first = { from: T, to: T }
    expect(
      only(await bed.ask('select last(cpu_percent_across_hosts) where category = CLUSTER', first), T),
    ).toEqual([[0, 204.5]])
    expect(
      (
        await bed.ask(
          'select cpu_percent_across_hosts where category = CLUSTER and last(cpu_percent_across_hosts) > 205',
          first,
        )
      ).timeSeries,
    ).toEqual([])
    expect(await one('100 * cpu_percent_across_hosts / total_cpu_percent_across_hosts')).toEqual([0, 10])
    expect(await one('integral(total_read_bytes_rate_across_disks)')).toEqual([60, 6600])
    expect(
      (await bed.ask('select last(cpu_percent_across_hosts) where category = CLUSTER', window)).timeSeries[0]
        ?.data[0],
    ).toEqual({
      timestamp: new Date(minute(1)).toISOString(),
      value: 10,
      type: 'SAMPLE',
    })
  })

  test('beside a metric of the same entity, and in conditions', async () => {
    expect(
      only(
        await bed.ask(
          'select xceivers + xceivers_across_datanodes where serviceName = hdfs and category = SERVICE',
          window,
        ),
        T,
      ),
    ).toEqual([[0, 5]])
    const item = await bed.ask(
      'select total_xceivers_across_datanodes where category = SERVICE and last(total_xceivers_across_datanodes) > 50',
      window,
    )
    expect(item.timeSeries.map((s) => s.metadata.attributes.entityName)).toEqual(['other'])
    const roles = await bed.ask(
      'select xceivers where category = SERVICE and count_service_roles(datanode, running) > 1',
      window,
    )
    expect(roles.timeSeries.map((s) => s.metadata.attributes.entityName)).toEqual(['hdfs'])
  })

  test('names as Cloudera Manager 4 had them', async () => {
    expect(
      only(await bed.ask('select dt0(read_bytes_disk_sum) where category = CLUSTER', window), T)[0],
    ).toEqual([60, 110])
  })

  test('read in pieces and aggregated by the store they agree', async () => {
    const small = withLimits(bed, { chunkPoints: 25 })
    for (const query of [
      'select total_read_bytes_rate_across_disks',
      'select cpu_percent_across_hosts, total_cpu_percent_across_hosts',
    ]) {
      const pieces = await small.ask(query, window)
      const whole = await bed.ask(query, window)
      expect(pieces.timeSeries.map((s) => s.metadata.attributes)).toEqual(
        whole.timeSeries.map((s) => s.metadata.attributes),
      )
      // In pieces the points are put into buckets, stamped at their end.
      expect(pieces.timeSeries.map((s) => s.data.map((p) => p.value))).toEqual(
        whole.timeSeries.map((s) => s.data.map((p) => p.value)),
      )
    }
    await small.api.stop()
  })
})

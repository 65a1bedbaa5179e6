import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { shapeErrors } from './shape.js'
import { host, only, openQueryBed, type QueryBed, withLimits } from './support.js'
import { seeded } from './syntax/support.js'

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
    const item = await bed.ask(
      'select cpu_percent_host_avg, cpu_percent_host_sum, cpu_percent_host_min, cpu_percent_host_max where category = CLUSTER',
      { from: T, to: T },
    )
    const first = item.timeSeries.map(({ metadata, data }) => [metadata.metricName, data[0]?.value])
    expect(first).toEqual([
      ['cpu_percent_host_avg', 204.5],
      ['cpu_percent_host_sum', 2045],
      ['cpu_percent_host_min', 200],
      ['cpu_percent_host_max', 209],
    ])
    for (const { metadata, data } of item.timeSeries) {
      const alone = await bed.ask(metadata.expression, { from: T, to: T })
      expect(alone.timeSeries.map((stream) => [stream.metadata, stream.data])).toEqual([[metadata, data]])
    }
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

describe('averages across entities that have a weighting metric', () => {
  type Samples = [number, number][]
  const random = seeded(35)
  /** Of averages, of the counter of what they are averages of, and of a gauge, per host. */
  const members: { mean: Samples; count: Samples; size: Samples }[] = []
  beforeAll(async () => {
    for (let h = 0; h < 5; h++) {
      const [mean, count, size]: [Samples, Samples, Samples] = [[], [], []]
      let counted = 1000
      for (let i = 0; i < 30; i++) {
        if (random() > 0.15) mean.push([minute(i), Math.round(random() * 1000) / 10])
        // A counter that starts anew, one that stands still, and one that is missing.
        counted = h === 2 ? counted : random() < 0.1 ? 0 : counted + Math.floor(random() * 50)
        if (h !== 3 && random() > 0.1) count.push([minute(i) + (h === 4 ? -2_000 : 0), counted])
        size.push([minute(i), h === 1 ? -1 : Math.floor(random() * 5)])
      }
      members.push({ mean, count, size })
      const entity = host(`weighed-${h}`)
      await bed.put({ name: 'op_avg_time', weightingMetricName: 'op_count' }, entity, mean)
      if (h !== 3) await bed.put({ name: 'op_count', isCounter: true }, entity, count)
      await bed.put({ name: 'queue_avg', weightingMetricName: 'queue_size' }, entity, mean)
      await bed.put('queue_size', entity, size)
    }
  }, 120_000)

  const at = (samples: Samples, time: number) => samples.findIndex(([t]) => Math.abs(t - time) <= 30_000)
  const within = (samples: Samples, from: number, to: number) => samples.filter(([t]) => t >= from && t < to)
  const plainly = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length
  /** The mean of values with their weights; of values alone where nothing weighs anything. */
  const weighed = (pairs: [number, number][]) => {
    const all = pairs.reduce((sum, [, weight]) => sum + weight, 0)
    if (all === 0) return plainly(pairs.map(([value]) => value))
    return pairs.reduce((sum, [value, weight]) => sum + value * weight, 0) / all
  }
  /** What a counter's point adds to the one before it. */
  const grown = (samples: Samples, i: number, afterRestart: number) => {
    const [value, before] = [samples[i]?.[1], samples[i - 1]?.[1]]
    if (value === undefined || before === undefined) return 0
    return value < before ? value * afterRestart : value - before
  }
  const close = (pairs: [number, number][]) => pairs.map(([t, v]) => [(t - T) / 1000, expect.closeTo(v, 9)])

  test('are means weighted by its growth, or its value', async () => {
    const asked = { from: minute(5), to: minute(29) }
    const naive = (weight: (member: (typeof members)[number], time: number) => number) =>
      Array.from({ length: 25 }, (_, i) => minute(5 + i)).map((time): [number, number] => {
        const pairs = members.flatMap((member): [number, number][] => {
          const found = member.mean.find(([t]) => t === time)
          return found === undefined ? [] : [[found[1], weight(member, time)]]
        })
        return [time, weighed(pairs)]
      })
    const byCount = naive(({ count }, time) => grown(count, at(count, time), 1))
    const bySize = naive(({ size }, time) => Math.max(0, size[at(size, time)]?.[1] ?? 0))
    const ask = (query: string) => bed.ask(`select ${query} where category = CLUSTER`, asked)
    const item = await ask('op_avg_time_across_hosts')
    expect(only(item, T)).toEqual(close(byCount))
    expect(only(await ask('queue_avg_across_hosts'), T)).toEqual(close(bySize))
    // All else is as without weights.
    const statistics = item.timeSeries[0]?.data[3]?.aggregateStatistics
    const values = members.flatMap(({ mean }) => within(mean, minute(8), minute(9)).map(([, value]) => value))
    expect(statistics).toMatchObject({
      count: values.length,
      max: Math.max(...values),
      mean: byCount[3]?.[1],
    })
    expect(
      only(await ask('stats(op_avg_time_across_hosts, total) - total_op_avg_time_across_hosts'), T).map(
        ([, v]) => Math.abs(v as number) < 1e-9,
      ),
    ).toEqual(byCount.map(() => true))
  })

  test('of a rollup are weighted by what was counted in the bucket', async () => {
    const rolled = { desiredRollup: 'TEN_MINUTELY', mustUseDesiredRollup: 'true' }
    const asked = { from: minute(10), to: minute(30) }
    const naive = (weight: (member: (typeof members)[number], from: number, to: number) => number) =>
      [10, 20, 30].map((end): [number, number] => {
        const [from, to] = [minute(end - 10), minute(end)]
        return [
          to,
          weighed(
            members.map((member) => [
              plainly(within(member.mean, from, to).map(([, v]) => v)),
              weight(member, from, to),
            ]),
          ),
        ]
      })
    const counted = (samples: Samples, from: number, to: number) =>
      samples.reduce((sum, [t], i) => (t >= from && t < to ? sum + grown(samples, i, 0) : sum), 0)
    const ask = async (query: string) =>
      only(await bed.ask(`select ${query} where category = CLUSTER`, asked, rolled), T)
    expect(await ask('op_avg_time_across_hosts')).toEqual(
      close(naive(({ count }, from, to) => counted(count, from, to))),
    )
    const sized = (samples: Samples, from: number, to: number) =>
      within(samples, from, to).reduce((sum, [, value]) => sum + value, 0)
    expect(await ask('queue_avg_across_hosts')).toEqual(
      close(naive(({ size }, from, to) => Math.max(0, sized(size, from, to)))),
    )
  })
})

test('members of a rollup that never were at the same time keep their times', async () => {
  for (const [name, from] of [
    ['old', 0],
    ['new', 60],
  ] as const)
    await bed.put(
      'replaced',
      host(name),
      Array.from({ length: 60 }, (_, i) => [minute(from + i), from + 1] as const),
    )
  const asked = { from: T, to: minute(120) }
  const rolled = { desiredRollup: 'TEN_MINUTELY', mustUseDesiredRollup: 'true' }
  const wanted = Array.from({ length: 12 }, (_, i) => [(i + 1) * 600, i < 6 ? 1 : 61])
  for (const query of ['replaced_across_hosts where category = CLUSTER', 'sum_by(replaced)'])
    expect(only(await bed.ask(`select ${query}`, asked, rolled), T), query).toEqual(wanted)
})

import { totalmem } from 'node:os'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startAgent } from '../../src/agent/index.js'
import { listen } from '../../src/cli/listen.js'
import { createIngest } from '../../src/ingest/index.js'
import type { Store } from '../../src/metrics/index.js'
import { type Bench, startBench } from '../metrics/support.js'
import { freePort } from '../ports.js'
import { silent, temporaryFolder, until } from './support.js'

let bench: Bench
beforeAll(async () => {
  bench = await startBench()
})
afterAll(() => bench.cleanUp())

async function startMonitor(store: Store, port: number) {
  const ingest = createIngest({ store, logger: silent })
  const listening = await listen(ingest.app, '127.0.0.1', port)
  const stop = async () => {
    await listening.close()
    await ingest.stop()
  }
  onTestFinished(stop)
  return { url: listening.url, stop }
}

describe('what the agent sends to the real ingest and store', () => {
  it('is stored under its entities, each round once, those of an outage too', async () => {
    const store = await bench.open('agent')
    const port = await freePort()
    const first = await startMonitor(store, port)
    const agent = await startAgent({
      dataDir: temporaryFolder(),
      monitorUrl: first.url,
      intervalMs: 1000,
      statusPort: -1,
      hostname: 'before',
      logger: silent,
    })
    onTestFinished(() => agent.stop())
    const waiting = () => agent.status().spool.records
    await until(() => store.catalogue.entitiesIn('HOST').length === 1 && waiting() === 0, 'a first round')
    await first.stop()
    await until(() => waiting() >= 3, 'rounds in the spool')
    await startMonitor(store, port)
    await until(() => waiting() === 0, 'an empty spool')
    await agent.stop()

    const { catalogue } = store
    const metric = catalogue.findMetric('PHYSICAL_MEMORY_TOTAL')!
    expect(metric).toMatchObject({ unitNumerators: ['bytes'], isCounter: false })
    const host = catalogue.findEntity('HOST', agent.hostId)!
    expect(host.attributes).toMatchObject({ hostname: 'before', rackId: '/default' })
    for (const category of ['FILESYSTEM', 'ROLE'])
      expect(catalogue.entitiesIn(category).length).toBeGreaterThan(0)

    const result = await store.client.query({
      query: `SELECT toUnixTimestamp64Milli(ts) AS time, v FROM ${store.database}.samples
        WHERE metric = ${metric.id} AND entity = ${host.id} ORDER BY ts`,
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
    })
    const rows = await result.json<{ time: number; v: number }>()
    expect(new Set(rows.map(({ time }) => time)).size).toBe(rows.length)
    // What was collected while it stopped may wait for the next start.
    expect(rows.length).toBeLessThanOrEqual(agent.status().rounds)
    expect(rows.length).toBeGreaterThanOrEqual(agent.status().rounds - waiting())
    expect(rows.length).toBeGreaterThanOrEqual(4)
    expect(rows.every(({ time, v }) => time % 1000 === 0 && v === totalmem())).toBe(true)
  }, 120_000)
})

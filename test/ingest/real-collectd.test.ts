import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { until } from '../engine/support.js'
import { startBench } from './support/server.js'

const COLLECTD = '/usr/sbin/collectd'
const installed = existsSync(COLLECTD)

test.skipIf(!installed)(
  `a real collectd with write_http${installed ? '' : ` (skipped: no ${COLLECTD}; apt install collectd-core libyajl2)`}`,
  async () => {
    const bench = await startBench()
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-collectd-'))
    const main = await bench.start()
    const config = `
Hostname "roof"
FQDNLookup false
Interval 1
BaseDir "${folder}"
PIDFile "${folder}/pid"
TypesDB "/usr/share/collectd/types.db"
LoadPlugin load
LoadPlugin memory
LoadPlugin cpu
LoadPlugin write_http
<Plugin write_http>
  <Node "bellwether">
    URL "${main.url}/collectd"
    Format "JSON"
    BufferSize 4096
    StoreRates false
  </Node>
</Plugin>
`
    await writeFile(join(folder, 'collectd.conf'), config)
    const child = spawn(COLLECTD, ['-f', '-C', join(folder, 'collectd.conf')], { stdio: 'ignore' })
    const exited = once(child, 'exit')
    try {
      await until('collectd has sent twice', () => (main.ingest.senders()[0]?.requests ?? 0) >= 2)
      // On SIGTERM it sends what is left in its buffer.
      child.kill('SIGTERM')
      await exited

      const rows = await main.rows()
      const { catalogue } = main.store
      const load = rows.filter((row) => row.metric === 'load_shortterm')
      expect(load[0]).toMatchObject({ entity: 'hostname=roof' })
      expect(Math.abs(load[0]!.time - Date.now())).toBeLessThan(60_000)
      expect(new Set(load.map((row) => row.time)).size).toBe(load.length)
      expect(rows.find((row) => row.metric === 'memory')?.value).toBeGreaterThan(0)
      expect(rows.some((row) => row.metric === 'cpu' && row.entity.includes('plugin_instance=0'))).toBe(true)
      expect(catalogue.findMetric('cpu')).toMatchObject({ isCounter: true })
      expect(catalogue.findMetric('memory')).toMatchObject({ isCounter: false })
      expect(main.ingest.senders()).toEqual([expect.objectContaining({ protocol: 'collectd', refused: 0 })])
    } finally {
      child.kill('SIGKILL')
      await exited
      await bench.cleanUp()
      await rm(folder, { recursive: true, force: true })
    }
  },
  120_000,
)

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { startBench } from './support/server.js'

const PROMETHEUS = '/usr/bin/prometheus'
const installed = existsSync(PROMETHEUS)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

test.skipIf(!installed)(
  `a real Prometheus that scrapes itself${installed ? '' : ` (skipped: no ${PROMETHEUS}; apt install prometheus)`}`,
  async () => {
    const bench = await startBench()
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-prometheus-'))
    const main = await bench.start()
    const port = await freePort()
    const config = `
global: { scrape_interval: 1s }
scrape_configs: [{ job_name: prometheus, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }]
remote_write: [{ url: '${main.url}/api/v1/write', metadata_config: { send_interval: 1s } }]
`
    await writeFile(join(folder, 'prometheus.yml'), config)
    const child = spawn(
      PROMETHEUS,
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    )
    const exited = once(child, 'exit')
    try {
      const { catalogue } = main.store
      const deadline = Date.now() + 25_000
      const described = () => catalogue.findMetric('prometheus_http_requests_total')?.description ?? ''
      while (Date.now() < deadline && (described() === '' || main.ingest.senders()[0]!.requests < 8))
        await sleep(200)
      child.kill('SIGTERM')
      await exited

      const rows = await main.rows()
      const up = rows.filter((row) => row.metric === 'up')
      expect(up.length).toBeGreaterThan(1)
      expect(up[0]).toMatchObject({ entity: `instance=127.0.0.1:${port},job=prometheus`, value: 1 })
      expect(new Set(up.map((row) => row.time)).size).toBe(up.length)
      expect(catalogue.findMetric('prometheus_http_requests_total')).toMatchObject({
        isCounter: true,
        description: expect.stringContaining('HTTP requests'),
      })
      expect(catalogue.findMetric('go_goroutines')).toMatchObject({ isCounter: false })
      expect(catalogue.seriesCount).toBeGreaterThan(300)
      // Nothing of what a healthy Prometheus sends is refused: NaN of empty summaries and stale markers are left out.
      expect(main.ingest.senders()).toEqual([expect.objectContaining({ protocol: 'prometheus', refused: 0 })])
    } finally {
      child.kill('SIGKILL')
      await exited
      await bench.cleanUp()
      await rm(folder, { recursive: true, force: true })
    }
  },
  60_000,
)

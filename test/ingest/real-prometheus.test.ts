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
const NODE_EXPORTER = '/usr/bin/prometheus-node-exporter'
const missing = [PROMETHEUS, NODE_EXPORTER].filter((file) => !existsSync(file))
const why =
  missing.length === 0
    ? ''
    : ` (skipped: no ${missing.join(', ')}; apt install prometheus prometheus-node-exporter)`

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}

test.skipIf(missing.length > 0)(
  `a real Prometheus that scrapes itself and a real node exporter${why}`,
  async () => {
    const bench = await startBench()
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-prometheus-'))
    const main = await bench.start()
    const port = await freePort()
    const nodePort = await freePort()
    const config = `
global: { scrape_interval: 1s }
scrape_configs:
  - { job_name: prometheus, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }
  - { job_name: node, static_configs: [{ targets: ['127.0.0.1:${nodePort}'] }] }
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
    const exporter = spawn(NODE_EXPORTER, [`--web.listen-address=127.0.0.1:${nodePort}`], { stdio: 'ignore' })
    const exporterExited = once(exporter, 'exit')
    try {
      const { catalogue } = main.store
      const deadline = Date.now() + 25_000
      const described = () => catalogue.findMetric('prometheus_http_requests_total')?.description ?? ''
      const scraped = () =>
        catalogue.findMetric('node_load1') !== undefined && catalogue.findMetric('up') !== undefined
      while (
        Date.now() < deadline &&
        (described() === '' || !scraped() || main.ingest.senders()[0]!.requests < 8)
      )
        await sleep(200)
      child.kill('SIGTERM')
      await exited

      const rows = await main.rows()
      const self = `instance=127.0.0.1:${port},job=prometheus`
      const node = `instance=127.0.0.1:${nodePort},job=node`
      const up = rows.filter((row) => row.metric === 'up' && row.entity === self)
      expect(up.length).toBeGreaterThan(1)
      expect(up[0]).toMatchObject({ value: 1 })
      expect(new Set(up.map((row) => row.time)).size).toBe(up.length)
      expect(catalogue.findMetric('prometheus_http_requests_total')).toMatchObject({
        isCounter: true,
        description: expect.stringContaining('HTTP requests'),
      })
      expect(catalogue.findMetric('go_goroutines')).toMatchObject({ isCounter: false })
      expect(
        rows.find((row) => row.metric === 'node_load1' && row.entity === node)?.value,
      ).toBeGreaterThanOrEqual(0)
      const cpu = rows.filter(
        (row) => row.metric === 'node_cpu_seconds_total' && row.entity.includes('mode=idle'),
      )
      expect(cpu[0]?.entity).toMatch(
        new RegExp(`^cpu=\\d+,instance=127.0.0.1:${nodePort},job=node,mode=idle$`),
      )
      expect(catalogue.findMetric('node_cpu_seconds_total')).toMatchObject({
        isCounter: true,
        unitNumerators: ['seconds'],
      })
      expect(catalogue.seriesCount).toBeGreaterThan(600)
      // Nothing of what a healthy Prometheus sends is refused: NaN of empty summaries and stale markers are left out.
      expect(main.ingest.senders()).toEqual([expect.objectContaining({ protocol: 'prometheus', refused: 0 })])
    } finally {
      child.kill('SIGKILL')
      exporter.kill('SIGKILL')
      await Promise.all([exited, exporterExited])
      await bench.cleanUp()
      await rm(folder, { recursive: true, force: true })
    }
  },
  60_000,
)

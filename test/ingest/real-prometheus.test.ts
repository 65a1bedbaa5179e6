import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BaseLogger, pino } from 'pino'
import { expect, test, vi } from 'vitest'
import type { Store } from '../../src/metrics/index.js'
import { createQueryApi } from '../../src/query/index.js'
import { freePort } from '../ports.js'
import { startBench } from './support/server.js'

const PROMETHEUS = '/usr/bin/prometheus'
const NODE_EXPORTER = '/usr/bin/prometheus-node-exporter'
const missing = [PROMETHEUS, NODE_EXPORTER].filter((file) => !existsSync(file))
const why =
  missing.length === 0
    ? ''
    : ` (skipped: no ${missing.join(', ')}; apt install prometheus prometheus-node-exporter)`

/** Pages of which it counts the durations and sizes. */
const PAGES = ['/api/v1/labels', '/api/v1/targets', '/api/v1/status/config']
const visit = (url: string) =>
  fetch(url).then(
    (response) => response.arrayBuffer(),
    () => undefined,
  )

const HISTOGRAM = 'prometheus_http_request_duration_seconds_bucket'

/** Quantiles of its own histograms, computed here and by itself, at the same times. */
async function sameQuantiles(store: Store, prometheus: string): Promise<void> {
  const api = createQueryApi({ store, logger: pino({ level: 'silent' }) as BaseLogger })
  let compared = 0
  try {
    for (const [ours, theirs] of [
      [`histogram_quantile(0.9, ${HISTOGRAM})`, `histogram_quantile(0.9, ${HISTOGRAM})`],
      // Its range holds the samples of 4.5 s; ours those of 3.5 s and the one before them. Extrapolation cancels out.
      [
        `histogram_quantile(0.5, rate(${HISTOGRAM}, 3.5))`,
        `histogram_quantile(0.5, rate(${HISTOGRAM}[4500ms]))`,
      ],
      ['histogram_quantile(0.99, prometheus_http_response_size_bytes_bucket)'],
    ] as const) {
      const [answer] = await api.ask({ query: `select ${ours}`, from: Date.now() - 60_000, to: Date.now() })
      for (const { owner, times, values } of answer?.streams ?? []) {
        // The newest may not have come in whole yet.
        const at = Math.max(0, times.length - 2)
        const parameters = new URLSearchParams({
          query: theirs ?? ours,
          time: String((times[at] as number) / 1000),
        })
        const response = await fetch(`${prometheus}/api/v1/query?${parameters}`)
        const { data } = (await response.json()) as {
          data: { result: { metric: Record<string, string>; value: [number, string] }[] }
        }
        const same = data.result.find(({ metric }) =>
          Object.entries(metric).every(([name, value]) => owner.attributes[name] === value),
        )
        expect(same).toBeDefined()
        expect(values[at]).toBeCloseTo(Number(same?.value[1]), 9)
        compared++
      }
    }
  } finally {
    await api.stop()
  }
  expect(compared).toBeGreaterThan(8)
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
      const deadline = Date.now() + 60_000
      const described = () => catalogue.findMetric('prometheus_http_requests_total')?.description ?? ''
      const scraped = () =>
        catalogue.findMetric('node_load1') !== undefined && catalogue.findMetric('up') !== undefined
      while (
        Date.now() < deadline &&
        (described() === '' || !scraped() || main.ingest.senders()[0]!.requests < 8)
      )
        await Promise.all([sleep(200), ...PAGES.map((page) => visit(`http://127.0.0.1:${port}${page}`))])
      // The samples of a histogram do not come all at once; those of an earlier time are whole in the end.
      const same = () => sameQuantiles(main.store, `http://127.0.0.1:${port}`)
      await vi.waitFor(same, { timeout: 30_000, interval: 500 })
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
  120_000,
)

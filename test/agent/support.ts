import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import pino from 'pino'
import { onTestFinished } from 'vitest'
import type { Collector } from '../../src/agent/collectors/index.js'
import type { Host } from '../../src/agent/round.js'
import type { NativeBatchHeader } from '../../src/wire/native-batch.js'

export const silent = pino({ level: 'silent' })

/** A logger and the lines that it was given. */
export function recordingLogger() {
  const lines: { level: number; msg: string }[] = []
  return { lines, logger: pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) }) }
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-agent-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A folder with these files: a /proc or /sys of our own. */
export function tree(files: Record<string, string>): string {
  const root = temporaryFolder()
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

export const host: Host = {
  hostId: 'h1',
  hostname: 'node1',
  place: { rackId: '/default' },
  entity: { category: 'HOST', name: 'h1', attributes: { hostId: 'h1', hostname: 'node1' } },
}

/** One round of a collector: values by `CATEGORY name metric` without the host id. */
export async function collectOnce(collector: Collector): Promise<Map<string, number>> {
  const values = new Map<string, number>()
  await collector.collect({
    time: 0,
    host,
    report(entity, metric, value) {
      const name = typeof metric === 'string' ? metric : metric.name
      const part = entity.name.replace(/^h1:?/, '')
      if (Number.isFinite(value)) values.set(part ? `${part} ${name}` : name, value)
    },
  })
  return values
}

export interface ReceivedSample {
  category: string
  entity: string
  metric: string
  time: number
  value: number
}

export function decodeBatch(body: Uint8Array): { header: NativeBatchHeader; samples: ReceivedSample[] } {
  const bytes = new Uint8Array(body)
  const view = new DataView(bytes.buffer)
  const [headerLength, seriesCount, count] = [4, 8, 12].map((at) => view.getUint32(at, true)) as [
    number,
    number,
    number,
  ]
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(16, 16 + headerLength)))
  let at = 16 + headerLength
  const seriesMetric = new Uint32Array(bytes.buffer, at, seriesCount)
  const seriesEntity = new Uint32Array(bytes.buffer, at + 4 * seriesCount, seriesCount)
  at += 8 * seriesCount
  const sampleSeries = new Uint32Array(bytes.buffer, at, count)
  at += (4 * count + 7) & ~7
  const times = new Float64Array(bytes.buffer, at, count)
  const values = new Float64Array(bytes.buffer, at + 8 * count, count)
  const samples = Array.from(sampleSeries, (series, i) => {
    const entity = header.entities[seriesEntity[series]!]
    const metric = header.metrics[seriesMetric[series]!].name
    return { category: entity.category, entity: entity.name, metric, time: times[i]!, value: values[i]! }
  })
  return { header, samples }
}

export interface Received {
  body: Buffer
  headers: IncomingMessage['headers']
}

/** A monitor's ingest, as far as the agent sees it. `answer` decides; without it every batch is stored. */
export async function startReceiver(
  answer: (response: ServerResponse, received: Received, request: IncomingMessage) => void = (response) =>
    response.end('{}'),
  port = 0,
) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const one = { body: Buffer.concat(chunks), headers: request.headers }
      received.push(one)
      answer(response, one, request)
    })
    request.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  onTestFinished(stop)
  const { port: bound } = server.address() as AddressInfo
  return { received, port: bound, url: `http://127.0.0.1:${bound}`, stop }
}

export const bodyOf = ({ body, headers }: Received): Buffer =>
  headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body

/** Waits until `condition` holds; the time is only an upper bound. */
export async function until(condition: () => boolean, what: string, ms = 60_000): Promise<void> {
  const deadline = Date.now() + ms
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`timed out waiting for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

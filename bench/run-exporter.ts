/**
 * Bytes a sample of what a real prometheus-node-exporter says of this machine: its pages, read every second, are sent as
 * remote write, stamped 15 s apart, as if each second had been fifteen.
 */
import { compress } from 'snappyjs'
import { createClient } from './load/client.js'
import type { System } from './systems/system.js'
import { appendSeries, encodeLabels, encodeTime, type Lane } from './tsbs/remote-write.js'

export interface ExporterMeasure {
  pages: number
  series: number
  samples: number
  /** After the first page, which brings the catalogue. */
  bytesPerSample: number
  /** With the catalogue. */
  withCatalogue: number
  /** Of the rollups that were folded meanwhile, in neither of the others. */
  rollups: number
}

const STAMPED_EVERY_MS = 15_000
/** More than the longest set of labels and a sample take. */
const LONGEST = 2_048

export async function measureExporter(
  system: System,
  pages: readonly Buffer[],
  folder: string,
): Promise<ExporterMeasure> {
  const running = await system.start(folder)
  const { origin, path, headers } = running.target('remote-write')
  const sink = createClient(origin)
  const rollups = async () => (await running.rollupBytes?.()) ?? 0
  const withoutRollups = async () => (await running.bytesOnDisk()) - (await rollups())
  try {
    const first = Date.now() - pages.length * STAMPED_EVERY_MS
    const labels = new Map<string, Uint8Array>()
    let samples = 0
    let atFirst = { bytes: 0, samples: 0 }
    for (const [page, body] of pages.entries()) {
      const lines = body
        .toString()
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
      const lane: Lane = { bytes: Buffer.alloc(lines.length * LONGEST), at: 0, samples: 0 }
      const time = encodeTime(first + page * STAMPED_EVERY_MS)
      for (const line of lines) {
        const end = line.lastIndexOf(' ')
        const key = line.slice(0, end)
        const known = labels.get(key) ?? encodeLabels(labelsOf(key))
        labels.set(key, known)
        appendSeries(lane, known, numberOf(line.slice(end + 1)), time)
      }
      const { status, body: answer } = await sink.send(
        'POST',
        path,
        headers,
        compress(lane.bytes.subarray(0, lane.at)),
      )
      // NaN and infinities, which a page may have, are left out and told with 400: the rest is stored.
      if (status !== 204 && status !== 400) throw new Error(`a page was answered ${status}: ${answer}`)
      samples += lane.samples
      if (page === 0) {
        await running.settle()
        atFirst = { bytes: await withoutRollups(), samples }
      }
    }
    await running.settle()
    const bytes = await withoutRollups()
    return {
      pages: pages.length,
      series: labels.size,
      samples,
      bytesPerSample: (bytes - atFirst.bytes) / (samples - atFirst.samples),
      withCatalogue: bytes / samples,
      rollups: (await rollups()) / samples,
    }
  } finally {
    sink.close()
    await running.stop()
  }
}

/** `name{label="value",…}`; the exporter escapes `\`, `"` and line breaks in values. */
function labelsOf(key: string): [string, string][] {
  const [, name = '', inner = ''] = /^([^{]+)(?:\{(.*)\})?$/s.exec(key) ?? []
  const labels: [string, string][] = [
    ['__name__', name],
    ['instance', 'host:9100'],
    ['job', 'node'],
  ]
  for (const [, label = '', value = ''] of inner.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g))
    labels.push([label, value.replaceAll(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c))])
  return labels
}

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text)
}

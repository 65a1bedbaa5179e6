/** Samples per second of each decoder alone, one thread, everything in the cache: `node dist-bench/ingest-decode.js`. */

import { createLineProtocolDecoder } from '../src/ingest/formats/line-protocol.js'
import { DEFAULT_LIMITS } from '../src/ingest/limits.js'
import { contextFor } from '../test/ingest/support/decode.js'
import { MemoryCatalogue } from '../test/ingest/support/memory-catalogue.js'

const HOSTS = 4000
const FIELDS = 'user system idle nice iowait irq softirq steal guest guest_nice'
  .split(' ')
  .map((f) => `usage_${f}`)
const NOW = Date.UTC(2026, 0, 15, 12)

function lineProtocol(lines: number): Uint8Array {
  const out: string[] = []
  for (let k = 0; k < lines; k++) {
    const host = k % HOSTS
    const tags = `hostname=host_${host},region=eu-central-1,datacenter=eu-central-1b,rack=${host % 100},os=Ubuntu15.10,arch=x86,team=SF,service=${host % 20},service_version=0,service_environment=test`
    const fields = FIELDS.map((field, f) => `${field}=${(k * 7 + f * 13) % 100}i`).join(',')
    out.push(`cpu,${tags} ${fields} ${NOW - 60_000 + Math.floor(k / HOSTS) * 10_000}000000`)
  }
  return Buffer.from(`${out.join('\n')}\n`)
}

function measure(name: string, run: () => number): void {
  run()
  run()
  const rates: number[] = []
  for (let round = 0; round < 9; round++) {
    const start = process.hrtime.bigint()
    const samples = run()
    rates.push(samples / (Number(process.hrtime.bigint() - start) / 1e9))
  }
  rates.sort((a, b) => a - b)
  console.log(
    `${name.padEnd(44)} ${(rates[4]! / 1e6).toFixed(1)} M samples/s (best ${(rates[8]! / 1e6).toFixed(1)})`,
  )
}

const body = lineProtocol(40_000)
const catalogue = new MemoryCatalogue()
const decode = createLineProtocolDecoder(DEFAULT_LIMITS)
const context = contextFor(catalogue, {}, NOW)
context.columns.grow(400_000)
measure('line protocol, TSBS cpu-only, 4,000 hosts', () => {
  context.columns.length = 0
  decode(body, 'ns', context)
  if (context.outcome.refused > 0) throw new Error(JSON.stringify(context.outcome.list[0]))
  return context.columns.length
})

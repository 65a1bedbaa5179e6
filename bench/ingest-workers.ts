/**
 * Whether decoding in worker threads wins: remote write with snappy, 10,000 samples a body, decoded on the main thread, or in one
 * or two workers that are given a copy of the body (transferred) and give back columns (transferred). Series are known to every
 * decoder already, so what is left out is in the workers' favour. With `busy`, processes that use as many cores as
 * given stand for the engine and the senders. Run with
 * `npx esbuild bench/ingest-workers.ts --bundle --packages=external --platform=node --format=esm --outfile=dist/ingest-workers.mjs &&
 * node dist/ingest-workers.mjs`.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import SnappyJS from 'snappyjs'
import { createRemoteWriteDecoder } from '../src/ingest/formats/prometheus-remote-write.js'
import { DEFAULT_LIMITS } from '../src/ingest/limits.js'
import { decompressSnappy } from '../src/ingest/snappy.js'
import { contextFor } from '../test/ingest/support/decode.js'
import { remoteWrite } from '../test/ingest/support/encode.js'
import { MemoryCatalogue } from '../test/ingest/support/memory-catalogue.js'

const NOW = Date.UTC(2026, 0, 15, 12)
const SAMPLES = 10_000
const SECONDS = 3
const IN_FLIGHT = 4

const LABELS =
  'region=eu-central-1 datacenter=eu-central-1b rack=21 os=Ubuntu15.10 arch=x86 team=SF service=6 job=node'
const bodies = Array.from({ length: 4 }, (_, b) =>
  SnappyJS.compress(
    remoteWrite(
      Array.from({ length: SAMPLES }, (_, i) => {
        const k = b * SAMPLES + i
        return {
          metric: 'node_cpu_seconds_total',
          labels: {
            ...Object.fromEntries(LABELS.split(' ').map((pair) => pair.split('=') as [string, string])),
            cpu: String(k % 64),
            instance: `host_${Math.floor(k / 64)}:9100`,
          },
          time: NOW - 60_000,
          value: k * 1.37,
        }
      }),
    ),
  ),
)

function createDecoder() {
  const decode = createRemoteWriteDecoder(DEFAULT_LIMITS)
  const context = contextFor(new MemoryCatalogue(), {}, NOW)
  context.columns.grow(SAMPLES)
  return (body: Uint8Array) => {
    context.columns.length = 0
    context.registrar.registered = 0
    decode(decompressSnappy(body, 1e9), context)
    return context.columns
  }
}

interface Answer {
  series: Uint32Array<ArrayBuffer>
  time: Float64Array<ArrayBuffer>
  value: Float64Array<ArrayBuffer>
}

if (isMainThread) await main()
else {
  const decode = createDecoder()
  for (const body of bodies) decode(body)
  parentPort!.postMessage('ready')
  parentPort!.on('message', (body: Uint8Array) => {
    const columns = decode(body)
    const answer: Answer = {
      series: columns.series.slice(0, columns.length),
      time: columns.time.slice(0, columns.length),
      value: columns.value.slice(0, columns.length),
    }
    parentPort!.postMessage(answer, [answer.series.buffer, answer.time.buffer, answer.value.buffer])
  })
}

async function main() {
  for (const busy of [0, 1, 2]) {
    const burners = Array.from({ length: busy }, burn)
    await new Promise((resolve) => setTimeout(resolve, 300))
    for (let round = 0; round < 2; round++) {
      report(`main thread, ${busy} cores busy`, await onMain())
      for (const workers of [1, 2]) report(`${workers} workers, ${busy} cores busy`, await inWorkers(workers))
    }
    for (const burner of burners) burner.kill('SIGKILL')
  }
  process.exit(0)
}

const burn = (): ChildProcess => spawn(process.execPath, ['-e', 'for(;;);'], { stdio: 'ignore' })

function report(what: string, [samples, seconds, cpu]: [number, number, number]): void {
  console.log(
    `${what.padEnd(32)} ${(samples / seconds / 1e6).toFixed(2)} M samples/s, ${((cpu / samples) * 1e6).toFixed(3)} CPU seconds a million`,
  )
}

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

async function onMain(): Promise<[number, number, number]> {
  const decode = createDecoder()
  for (const body of bodies) decode(body)
  const [start, cpu] = [performance.now(), cpuSeconds()]
  let samples = 0
  for (let i = 0; performance.now() - start < SECONDS * 1000; i++) {
    samples += decode(bodies[i % bodies.length]!).length
    await new Promise((resolve) => setImmediate(resolve))
  }
  return [samples, (performance.now() - start) / 1000, cpuSeconds() - cpu]
}

async function inWorkers(count: number): Promise<[number, number, number]> {
  const workers = Array.from({ length: count }, () => new Worker(new URL(import.meta.url)))
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))))
  const [start, cpu] = [performance.now(), cpuSeconds()]
  let samples = 0
  let i = 0
  await Promise.all(
    workers.map(
      (worker) =>
        new Promise<void>((resolve) => {
          let flying = 0
          const send = () => {
            const body = Uint8Array.from(bodies[i++ % bodies.length]!)
            flying++
            worker.postMessage(body, [body.buffer])
          }
          worker.on('message', ({ series }: Answer) => {
            flying--
            samples += series.length
            if (performance.now() - start < SECONDS * 1000) send()
            else if (flying === 0) resolve()
          })
          for (let k = 0; k < IN_FLIGHT; k++) send()
        }),
    ),
  )
  const result: [number, number, number] = [samples, (performance.now() - start) / 1000, cpuSeconds() - cpu]
  await Promise.all(workers.map((worker) => worker.terminate()))
  return result
}

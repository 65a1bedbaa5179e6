/** Batches on disk: generated once for the same parameters, checked by their checksum, and bounded in what they occupy. */
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { readdir, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateBlocks, generateNative } from './columns.js'
import { CPU_FIELDS } from './hosts.js'
import { generateLines, LINES_PER_BATCH } from './lines.js'
import { generateRemoteWrite, SAMPLES_PER_REQUEST } from './remote-write.js'
import { type DataParameters, sampleCount } from './simulation.js'

/** To be raised when the same parameters give other bytes. */
const GENERATOR_VERSION = 2

/** What the cached data sets may occupy together; the oldest go first. */
const CACHE_BYTES = 6 * 2 ** 30

/** `native` is the agent's own format; `blocks` are ready ClickHouse `Native` blocks, which go past the monitor. */
export type Protocol = 'line-protocol' | 'remote-write' | 'native' | 'blocks'

export interface Batch {
  offset: number
  length: number
  samples: number
  /** The connection that sends it, where the order of batches matters; absent: any. */
  lane?: number
}

export interface DataSet {
  protocol: Protocol
  parameters: DataParameters
  /** The file in which the batches stand one after another. */
  file: string
  batches: Batch[]
  bytes: number
  samples: number
  /** SHA-256 of the file. */
  sha256: string
}

/** Generates the data set, or finds it from an earlier run. `lanes` is for protocols that keep series on their connection. */
export async function prepareDataSet(
  protocol: Protocol,
  parameters: DataParameters,
  lanes: number,
  {
    cache = join(tmpdir(), 'bellwether-bench', 'data'),
    linesPerBatch = LINES_PER_BATCH,
    samplesPerRequest = SAMPLES_PER_REQUEST,
  } = {},
): Promise<DataSet> {
  const key = createHash('sha256')
    .update(
      JSON.stringify([GENERATOR_VERSION, protocol, parameters, lanes, linesPerBatch, samplesPerRequest]),
    )
    .digest('hex')
    .slice(0, 16)
  const folder = join(cache, key)
  const index = join(folder, 'index.json')
  const file = join(folder, 'batches')
  if (existsSync(index)) {
    await utimes(folder, new Date(), new Date())
    return { ...(JSON.parse(readFileSync(index, 'utf8')) as DataSet), file }
  }
  const unfinished = `${folder}.${process.pid}`
  mkdirSync(unfinished, { recursive: true })
  try {
    const written = writeBatches(protocol, parameters, lanes, join(unfinished, 'batches'), {
      linesPerBatch,
      samplesPerRequest,
    })
    const dataSet: DataSet = { protocol, parameters, file, samples: sampleCount(parameters), ...written }
    await writeFile(join(unfinished, 'index.json'), JSON.stringify(dataSet))
    rmSync(folder, { recursive: true, force: true })
    renameSync(unfinished, folder)
    await trim(cache, key)
    return dataSet
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

function writeBatches(
  protocol: Protocol,
  parameters: DataParameters,
  lanes: number,
  path: string,
  sizes: { linesPerBatch: number; samplesPerRequest: number },
) {
  const fd = openSync(path, 'w')
  const hash = createHash('sha256')
  const batches: Batch[] = []
  let offset = 0
  const add = (bytes: Uint8Array, samples: number, lane?: number) => {
    writeSync(fd, bytes)
    hash.update(bytes)
    batches.push({ offset, length: bytes.length, samples, ...(lane === undefined ? {} : { lane }) })
    offset += bytes.length
  }
  try {
    if (protocol === 'line-protocol')
      generateLines(parameters, (bytes, lines) => add(bytes, lines * CPU_FIELDS.length), sizes.linesPerBatch)
    else if (protocol === 'remote-write') generateRemoteWrite(parameters, lanes, add, sizes.samplesPerRequest)
    else if (protocol === 'native') generateNative(parameters, add)
    else generateBlocks(parameters, add)
  } finally {
    closeSync(fd)
  }
  return { batches, bytes: offset, sha256: hash.digest('hex') }
}

async function trim(cache: string, keep: string): Promise<void> {
  const folders = []
  for (const name of await readdir(cache)) {
    const info = await stat(join(cache, name, 'batches')).catch(() => undefined)
    const used = await stat(join(cache, name)).catch(() => undefined)
    if (info && used) folders.push({ name, bytes: info.size, used: used.mtimeMs })
  }
  folders.sort((a, b) => b.used - a.used)
  let total = 0
  for (const { name, bytes } of folders) {
    total += bytes
    if (total > CACHE_BYTES && name !== keep) rmSync(join(cache, name), { recursive: true, force: true })
  }
}

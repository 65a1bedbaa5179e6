import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { DataSet } from '../tsbs/data-set.js'
import { load } from './load.js'

/** Samples a second that the load generator reaches with this data set against a server that reads and forgets. */
export async function measureCeiling(dataSet: DataSet, connections: number): Promise<number> {
  const sink = spawn(process.execPath, [fileURLToPath(new URL('./null-sink.js', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  try {
    const [origin] = (await once(createInterface(sink.stdout), 'line')) as [string]
    const target = { origin, path: '/', headers: {} }
    const { samples, seconds } = await load(dataSet, target, connections, 0, dataSet.batches.length)
    return samples / seconds
  } finally {
    sink.kill('SIGKILL')
    await once(sink, 'exit').catch(() => {})
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '../load/client.js'
import { diskBytes } from './disk.js'
import { findProgram, freePort, packageVersion, startProgram, untilReady } from './program.js'
import { REMOTE_WRITE } from './remote-write.js'
import type { Running, System } from './system.js'

const BINARY = 'VICTORIA_METRICS_BIN'

/** The single-node `victoria-metrics`, with its defaults but for retention. */
export function victoriaMetrics(): System {
  const binary = findProgram('victoria-metrics', BINARY)
  return {
    name: 'VictoriaMetrics',
    ...(binary ? {} : { missing: `apt-get install victoria-metrics, or set ${BINARY}` }),
    // Debian's build prints no version of its own.
    version: (binary && packageVersion(binary, 'victoria-metrics')) ?? 'of unknown version',
    protocols: ['line-protocol', 'remote-write'],
    start: (folder) => start(binary ?? 'victoria-metrics', folder),
  }
}

async function start(binary: string, folder: string): Promise<Running> {
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const program = startProgram(
    binary,
    [`-storageDataPath=${folder}`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=100y'],
    `${folder}.log`,
  )
  const client = createClient(origin)
  await untilReady(program, async () => (await client.send('GET', '/health')).status === 200)

  const metric = async (name: RegExp) =>
    [...(await client.send('GET', '/metrics')).body.toString().matchAll(name)].reduce(
      (sum, match) => sum + Number(match[1]),
      0,
    )

  return {
    pid: program.pid,
    origin,
    target: (protocol) =>
      protocol === 'line-protocol'
        ? { origin, path: '/write', headers: { 'content-type': 'text/plain' } }
        : { origin, ...REMOTE_WRITE },
    async settle() {
      await client.send('GET', '/internal/force_flush')
      await client.send('GET', '/internal/force_merge')
      do await sleep(200)
      while ((await metric(/^vm_active_(?:force_)?merges(?:{[^}]*})? (\d+)/gm)) > 0)
    },
    bytesOnDisk: () => diskBytes(folder),
    async stop() {
      client.close()
      await program.stop()
    },
  }
}

import { mkdir, writeFile } from 'node:fs/promises'
import { createClient } from '../load/client.js'
import { diskBytes } from './disk.js'
import { findProgram, freePort, outputOf, startProgram, untilReady } from './program.js'
import { REMOTE_WRITE } from './remote-write.js'
import type { Running, System } from './system.js'

const BINARY = 'PROMETHEUS_BIN'

/** `prometheus` as a receiver of remote write, scraping nothing. */
export function prometheus(): System {
  const binary = findProgram('prometheus', BINARY)
  return {
    name: 'Prometheus',
    ...(binary ? {} : { missing: `apt-get install prometheus, or set ${BINARY}` }),
    version: binary ? (/version (\S+)/.exec(outputOf(binary, ['--version']))?.[1] ?? 'unknown') : 'none',
    protocols: ['remote-write'],
    start: (folder) => start(binary ?? 'prometheus', folder),
  }
}

async function start(binary: string, folder: string): Promise<Running> {
  await mkdir(folder, { recursive: true })
  const config = `${folder}.yml`
  await writeFile(config, 'scrape_configs: []\n')
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const program = startProgram(
    binary,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${folder}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
      '--web.enable-admin-api',
      '--log.level=warn',
    ],
    `${folder}.log`,
  )
  const client = createClient(origin)
  await untilReady(program, async () => (await client.send('GET', '/-/ready')).status === 200)
  return {
    pid: program.pid,
    origin,
    target: () => ({ origin, ...REMOTE_WRITE }),
    // A snapshot writes the head as a block, which is what the samples occupy once Prometheus has compacted them.
    async settle() {
      const answer = await client.send('POST', '/api/v1/admin/tsdb/snapshot')
      if (answer.status !== 200) throw new Error(`Prometheus did not write a snapshot: ${answer.body}`)
    },
    bytesOnDisk: () => diskBytes(`${folder}/snapshots`),
    async stop() {
      client.close()
      await program.stop()
    },
  }
}

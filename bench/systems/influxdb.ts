import { createClient } from '../load/client.js'
import { diskBytes } from './disk.js'
import { findProgram, freePort, outputOf, startProgram, untilReady } from './program.js'
import type { Running, System } from './system.js'

const BINARY = 'INFLUXD_BIN'

/** `influxd` 1.x with the tsi1 index, configured through its environment. */
export function influxdb(): System {
  const binary = findProgram('influxd', BINARY)
  return {
    name: 'InfluxDB',
    ...(binary ? {} : { missing: `apt-get install influxdb, or set ${BINARY}` }),
    version: binary ? (/v(\d\S+)/.exec(outputOf(binary, ['version']))?.[1] ?? 'unknown') : 'none',
    protocols: ['line-protocol'],
    start: (folder) => start(binary ?? 'influxd', folder),
  }
}

async function start(binary: string, folder: string): Promise<Running> {
  const [port, rpc] = [await freePort(), await freePort()]
  const origin = `http://127.0.0.1:${port}`
  const program = startProgram(binary, ['run', '-config', '/dev/null'], `${folder}.log`, {
    INFLUXDB_REPORTING_DISABLED: 'true',
    INFLUXDB_BIND_ADDRESS: `127.0.0.1:${rpc}`,
    INFLUXDB_HTTP_BIND_ADDRESS: `127.0.0.1:${port}`,
    INFLUXDB_HTTP_LOG_ENABLED: 'false',
    INFLUXDB_MONITOR_STORE_ENABLED: 'false',
    INFLUXDB_META_DIR: `${folder}/meta`,
    INFLUXDB_DATA_DIR: `${folder}/data`,
    INFLUXDB_DATA_WAL_DIR: `${folder}/wal`,
    INFLUXDB_DATA_INDEX_VERSION: 'tsi1',
  })
  const client = createClient(origin)
  await untilReady(program, async () => (await client.send('GET', '/ping')).status === 204)
  const created = await client.send('POST', `/query?q=${encodeURIComponent('CREATE DATABASE bench')}`)
  if (created.status !== 200) throw new Error(`InfluxDB did not create the database: ${created.body}`)
  return {
    pid: program.pid,
    origin,
    target: () => ({ origin, path: '/write?db=bench', headers: { 'content-type': 'text/plain' } }),
    // It offers no way to ask for a compaction: bytes include its write-ahead log.
    settle: async () => {},
    bytesOnDisk: () => diskBytes(folder),
    async stop() {
      client.close()
      await program.stop()
    },
  }
}

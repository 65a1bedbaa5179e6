/**
 * The embedded ClickHouse server: a process of its own around libchdb.so, configured by a file alone.
 *
 *   node clickhouse-child.js LIBRARY CONFIG.xml HTTP_PORT [TCP_PORT]
 *
 * It serves until it is killed, or until its standard input ends: so it goes when its parent goes, however that dies.
 * It has nothing to save then: an insert that was acknowledged is in the data folder.
 */
import { writeSync } from 'node:fs'
import { arrayConstructor, DataType, load, open } from 'ffi-rs'
import { keepMergesBehind } from './merge-priority.js'

const [library, config, httpPort, tcpPort] = process.argv.slice(2)

process.stdin.on('end', die).on('error', die).on('close', die).resume()

// The session that runs this script is the user `default`, who may start listeners and nothing else.
// The endless sleep keeps chdb_query_cmdline from returning.
const script = [
  'SYSTEM START LISTEN HTTP',
  ...(tcpPort === undefined ? [] : ['SYSTEM START LISTEN TCP']),
  'SELECT sleepEachRow(1) FROM numbers(1000000000) SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0 FORMAT Null',
]
const argv = [
  'clickhouse',
  `--config-file=${config}`,
  `--http_port=${httpPort}`,
  ...(tcpPort === undefined ? [] : [`--tcp_port=${tcpPort}`]),
  `--query=${script.join('; ')}`,
]

open({ library: 'chdb', path: library! })
// In a thread of its own, so that this one can watch its parent. U64, not External: reading the returned pointer
// through ffi-rs crashed at exit.
const serving = load({
  library: 'chdb',
  funcName: 'chdb_query_cmdline',
  retType: DataType.U64,
  paramsType: [DataType.I32, arrayConstructor({ type: DataType.StringArray, length: argv.length })],
  paramsValue: [argv.length, argv],
  runInNewThread: true,
}) as unknown as Promise<unknown>
serving.then(
  () => dieSaying('The engine ended by itself.'),
  (error: unknown) => dieSaying(`chdb_query_cmdline: ${String(error)}`),
)

keepMergesBehind()

function dieSaying(text: string): void {
  writeSync(2, `${text}\n`)
  die()
}

/** At once, without the library's own exit handlers, which can hang or crash while its threads still run. */
function die(): void {
  process.kill(process.pid, 'SIGKILL')
}

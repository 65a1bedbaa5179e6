// Opens an embedded PostgreSQL, says its process id and waits to be killed.
//   node postgres-parent.js FOLDER
import { openPostgres } from '../../dist-modules/engine/index.js'

const logger = { debug() {}, info() {}, warn() {}, error() {} }
const postgres = await openPostgres({ dataDir: process.argv[2], logger })
process.stdout.write(`${JSON.stringify({ pid: postgres.pid })}\n`)
setInterval(() => {}, 60_000)

// A parent that can be killed: opens an engine on the folder of its first argument, says its pid, and lives on.
import { openEngine } from '../../dist/engine/index.js'

const logger = { debug() {}, info() {}, warn() {}, error() {} }
const engine = await openEngine({ dataDir: process.argv[2], logger })
process.stdout.write(`${JSON.stringify({ pid: engine.pid, url: engine.connection.url })}\n`)
setInterval(() => {}, 1000)

// A parent that can be killed: opens an engine on the folder of its first argument, says its pid, and lives on.
// Ctrl-C it survives, as one does that still flushes.
import { openEngine } from '../../dist-modules/engine/index.js'

process.on('SIGINT', () => process.stdout.write('interrupted\n'))
const logger = { debug() {}, info() {}, warn() {}, error() {} }
const engine = await openEngine({ dataDir: process.argv[2], logger })
process.stdout.write(`${JSON.stringify({ pid: engine.pid, url: engine.connection.url })}\n`)
setInterval(() => {}, 1000)

// Runs the built agent until SIGTERM; options as JSON in the first argument. For tests that kill it.
import pino from 'pino'
import { startAgent } from '../../dist-modules/agent/index.js'

const agent = await startAgent({ ...JSON.parse(process.argv[2]), logger: pino({ level: 'warn' }) })
process.stdout.write(`started ${agent.hostId} ${agent.url ?? ''}\n`)
process.once('SIGTERM', () => {
  void agent.stop().then(() => process.exit(0))
})

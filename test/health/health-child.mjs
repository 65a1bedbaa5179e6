// A monitor that tells its changes on standard output, one JSON text a line, and never hears that they were taken over.
// node health-child.mjs CONNECTION_JSON MODEL_JSON FACTS_JSON
import { pino } from 'pino'
import { createHealth } from '../../dist-modules/health/index.js'
import { openStore } from '../../dist-modules/metrics/index.js'

const [connection, model, facts] = process.argv.slice(2).map((text) => JSON.parse(text))
const logger = pino({ level: 'silent' })
const store = await openStore({ connection, logger, refreshMs: 0 })
const health = createHealth({
  store,
  logger,
  pauseMs: 20,
  onChanges(changes) {
    process.stdout.write(`${JSON.stringify(changes.map(({ id }) => id))}\n`)
    return new Promise(() => undefined)
  },
})
await health.start()
if (health.model === undefined) await health.setModel(model)
health.addFacts(facts)
setInterval(() => undefined, 1_000)

// A monitor that folds, over and over, until it is killed; says when a pass begins and ends.
// node folder-child.mjs CONNECTION_JSON NOW
import { pino } from 'pino'
import { openStore, startRollups } from '../../../dist-modules/metrics/index.js'

const logger = pino({ level: 'silent' })
const store = await openStore({ connection: JSON.parse(process.argv[2]), logger, refreshMs: 0 })
const rollups = startRollups({
  store,
  logger,
  now: () => Number(process.argv[3]),
  tuning: { everyMs: 0, leaseMs: 0, refoldShare: 1 },
})
for (;;) {
  process.stdout.write('begin\n')
  await rollups.pass()
  process.stdout.write('end\n')
}

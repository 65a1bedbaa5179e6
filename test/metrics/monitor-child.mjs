// A monitor that writes batch after batch and says which are acknowledged, until it is killed.
// node monitor-child.mjs CONNECTION_JSON FIRST_BATCH
import { pino } from 'pino'
import { openStore } from '../../dist-modules/metrics/index.js'

const store = await openStore({
  connection: JSON.parse(process.argv[2]),
  logger: pino({ level: 'silent' }),
  refreshMs: 0,
  tuning: { commitMs: 5 },
})
const { catalogue, writer } = store
const series = catalogue.addSeries(
  catalogue.addMetric({ name: 'm' }),
  catalogue.addEntity({ category: 'HOST', name: 'h', attributes: {} }),
)
const DAY = 86_400_000
for (let batch = Number(process.argv[3]); ; batch++) {
  const columns = {
    length: 100,
    series: new Uint32Array(100).fill(series),
    time: Float64Array.from({ length: 100 }, (_, i) => (20_000 + (i % 2)) * DAY + batch * 100 + i),
    value: new Float64Array(100).fill(batch),
  }
  const { duplicate } = await writer.write(columns, batch + 1)
  process.stdout.write(`${batch} ${duplicate}\n`)
}

// What alerts cost: messages of a storm, and the time from POST to answer. Run after `npm run build:server`:
//   node test/alerts/cost.mjs
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { Registry } from 'prom-client'
import {
  DEFAULT_GROUPING,
  emptyState,
  nextDue,
  takeDue,
  takeEvent,
} from '../../dist-modules/alerts/core/index.js'
import { readSettings, startPublisher } from '../../dist-modules/alerts/index.js'

let n = 0
const event = (name, service) => ({
  id: `e${++n}`,
  time: Date.now(),
  entity: {
    category: 'ROLE',
    name,
    displayName: name,
    cluster: 'c',
    service,
    hosts: [{ name: `${name}.example.com` }],
  },
  severity: 'CRITICAL',
  category: 'HEALTH_CHECK',
  codes: ['EV_ROLE_HEALTH_CHECK_BAD'],
  summary: `The health of role ${name} has become bad.`,
  health: { current: 'RED' },
  tests: Array.from({ length: 5 }, (_, i) => ({
    name: `TEST_${i}`,
    health: 'RED',
    severity: 'CRITICAL',
    sentence: 'x'.repeat(100),
    advice: 'y'.repeat(100),
  })),
  suppressed: false,
  monitorStartup: false,
  url: '',
})

for (const services of [1, 10, 100, 1000]) {
  const rules = { routes: [], defaultReceivers: ['r'], receivers: new Set(['r']), grouping: DEFAULT_GROUPING }
  const state = emptyState()
  const messages = []
  let now = 1e12
  const pass = (end) => {
    for (;;) {
      const next = Math.max(now + 1, nextDue(state, now, rules) ?? Infinity)
      if (next > end) break
      now = next
      messages.push(...takeDue(state, now, rules, () => 'm'))
    }
    now = end
  }
  for (let i = 0; i < 1000; i++) {
    takeEvent(state, event(`r${i}`, `s${i % services}`), now, rules)
    pass(now + 60)
  }
  pass(now + 600_000)
  const causes = messages.reduce((sum, message) => sum + message.causes.length, 0)
  console.log(`storm over ${services} services: ${messages.length} messages, ${causes} causes`)
}

const dir = mkdtempSync(join(tmpdir(), 'bellwether-cost-'))
const publisher = await startPublisher({
  dataDir: dir,
  settings: readSettings(
    { receivers: [{ name: 'r', type: 'script', path: '/bin/true' }], defaultReceivers: ['r'] },
    [],
  ),
  registry: new Registry(),
  logger: pino({ level: 'silent' }),
})
for (const [batch, rounds] of [
  [1, 200],
  [100, 50],
  [1000, 15],
]) {
  const times = []
  for (let i = 0; i < rounds; i++) {
    const events = Array.from({ length: batch }, (_, j) => event(`r${i}-${j}`, `s${j % 50}`))
    const start = performance.now()
    await publisher.take(events)
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  console.log(
    `${batch} events at once: median ${times[rounds >> 1].toFixed(1)} ms, p95 ${times[Math.floor(rounds * 0.95)].toFixed(1)} ms to disk`,
  )
}
const cpu = process.cpuUsage()
await new Promise((done) => setTimeout(done, 10_000))
const { user, system } = process.cpuUsage(cpu)
const { causes, outbox } = publisher.status()
console.log(
  `${causes} causes open: ${((user + system) / 1e5).toFixed(2)} % of a core, ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MiB resident, outbox ${(outbox.bytes / 2 ** 20).toFixed(1)} MiB`,
)
await publisher.stop()
rmSync(dir, { recursive: true })

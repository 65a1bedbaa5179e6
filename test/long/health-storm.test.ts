import { pino } from 'pino'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAlertApi, readSettings, startPublisher } from '../../src/alerts/index.js'
import { listen } from '../../src/cli/listen.js'
import { createAlerting, createEvents, createHealth } from '../../src/health/index.js'
import type { HealthModel, RoleFact } from '../../src/wire/health.js'
import { mailSink } from '../alerts/mail-sink.js'
import { eventually, temporaryFolder } from '../integration/program.js'
import { type Bench, silent, startBench } from '../metrics/support.js'

const ROLES = 1_000
const cleanups: (() => unknown)[] = []
const mails: string[] = []
let bench: Bench
beforeAll(async () => {
  bench = await startBench()
  cleanups.push(() => bench.cleanUp())
}, 60_000)
afterAll(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup()
}, 60_000)

const numbers = Array.from({ length: ROLES }, (_, i) => i)
const model: HealthModel = {
  term: 1,
  version: 1,
  configs: {},
  clusters: [{ identity: 'c1', name: 'c1' }],
  services: [
    {
      identity: 'c1:zk',
      name: 'c1:zk',
      serviceName: 'zk',
      type: 'ZOOKEEPER',
      cluster: 'c1',
      expected: 'RUNNING',
    },
  ],
  hosts: numbers
    .slice(0, 100)
    .map((n) => ({ identity: `h${n}`, name: `h${n}`, hostname: `node${n}`, cluster: 'c1' })),
  roles: numbers.map((n) => ({
    identity: `zk-SERVER-${n}x`,
    name: `zk-SERVER-${n}x`,
    type: 'SERVER',
    service: 'c1:zk',
    host: `h${n % 100}`,
    expected: 'RUNNING' as const,
  })),
}
const fact = (n: number, state: RoleFact['state']): RoleFact => ({
  identity: `zk-SERVER-${n}x`,
  ...(state && { state }),
  ...(state === 'EXITED' && { exit: { at: Date.now(), signal: 'SIGKILL' } }),
})

test('1,000 roles that die within a minute are at most 10 messages, with every one of them and its cause', async () => {
  const { path, remove } = temporaryFolder()
  cleanups.push(remove)
  const receiver = {
    name: 'mail',
    type: 'email',
    from: 'bellwether@example.com',
    to: ['ops@example.com'],
    formats: ['text'],
    smtp: { host: '127.0.0.1', port: await mailSink(mails, cleanups), tls: 'none' },
  }
  const publisher = await startPublisher({
    dataDir: path,
    settings: readSettings({ receivers: [receiver], defaultReceivers: ['mail'] }, []),
    logger: pino({ level: 'silent' }),
    registry: new Registry(),
  })
  cleanups.push(() => publisher.stop())
  const api = createAlertApi({
    publisher,
    registry: new Registry(),
    reload: () => {},
    token: '',
    allowedHosts: undefined,
    logger: pino({ level: 'silent' }),
  })
  const listening = await listen(api, '127.0.0.1', 0)
  cleanups.push(() => listening.close())
  const store = await bench.open('storm')
  const events = createEvents({ store, logger: silent, alerts: true })
  const alerting = createAlerting({ events, url: listening.url, token: '', logger: silent })
  const health = createHealth({
    store,
    logger: silent,
    seriesMs: 0,
    async onChanges(changes) {
      if (!(await events.healthChanged(changes))) throw new Error('not stored')
    },
  })
  cleanups.push(
    () => events.stop(),
    () => alerting.stop(),
    () => health.stop(),
  )
  await health.start()
  await health.setModel(model)
  const tell = (roles: RoleFact[]) => health.addFacts({ term: 1, at: Date.now(), roles })
  tell(numbers.map((n) => fact(n, 'RUNNING')))
  await health.evaluate()
  // As hosts do that lose their power one after another.
  for (let begin = 0; begin < ROLES; begin += 100) {
    tell(numbers.slice(begin, begin + 100).map((n) => fact(n, 'EXITED')))
    await health.evaluate()
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  const missing = () => {
    const text = mails.join('\n')
    return numbers.filter((n) => !text.includes(`zk-SERVER-${n}x`))
  }
  await eventually('all of them', () => missing().length === 0, {
    timeoutMs: 180_000,
    detail: () => `${mails.length} messages, missing ${missing().length}`,
  })
  console.info(`${mails.length} messages of ${ROLES} roles`)
  expect(mails.length).toBeLessThanOrEqual(10)
  expect(mails.join('\n').match(/by SIGKILL/g)?.length).toBeGreaterThanOrEqual(ROLES)
}, 300_000)

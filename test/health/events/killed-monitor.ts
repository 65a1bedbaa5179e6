import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Logger, pino } from 'pino'
import { Registry } from 'prom-client'
import { createAlertApi, type Publisher, readSettings, startPublisher } from '../../../src/alerts/index.js'
import { listen } from '../../../src/cli/listen.js'
import type { AlertEvent } from '../../../src/wire/alert.js'
import { type Bench, startBench } from '../../metrics/support.js'
import { logEvent } from './support.js'

const silent: Logger = pino({ level: 'silent' })

export interface Outcome {
  /** Ids of the alerts whose events the monitor has accepted. */
  accepted: Set<string>
  /** Ids that the publisher got, as often as it got them, in their order. */
  taken: string[]
  /** Answers of 2xx that said an event had been stored before. */
  duplicates: number
}

/**
 * The real monitor on a real engine and the real publisher: events with alerts are posted all the while, and the monitor is
 * killed (SIGKILL) `rounds` times, each after so many posts were accepted, in the midst of the next one.
 */
export async function killedMonitor(rounds: number, posts: (round: number) => number): Promise<Outcome> {
  const bench: Bench = await startBench({})
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-killed-'))
  const taken: string[] = []
  const publisher = await startPublisher({
    dataDir: join(folder, 'publisher'),
    settings: readSettings({}, []),
    registry: new Registry(),
    logger: silent,
  })
  const recording: Publisher = {
    ...publisher,
    take(events: readonly AlertEvent[]) {
      taken.push(...events.map(({ id }) => id))
      return publisher.take(events as AlertEvent[])
    },
  }
  const app = createAlertApi({
    publisher: recording,
    registry: new Registry(),
    reload: () => undefined,
    token: 'a-token',
    allowedHosts: [],
    logger: silent,
  })
  const listening = await listen(app, '127.0.0.1', 0)
  const accepted = new Set<string>()
  let duplicates = 0
  let monitor: { child: ChildProcess; url: string } | undefined
  try {
    for (let round = 0; round < rounds; round++) {
      monitor = await startMonitor(bench, folder, listening.url)
      const { child, url } = monitor
      const send = async (n: number): Promise<boolean> => {
        const events = Array.from({ length: 5 }, (_, i) =>
          logEvent(`round ${round}`, { id: `r${round}-${n}-${i}`, alert: true }),
        )
        const receipt = await postTo(url, events)
        if (!receipt) return false
        duplicates += receipt.duplicates
        for (const { id } of events) accepted.add(id)
        return true
      }
      let taken = 0
      for (let n = 0; taken < posts(round) && child.exitCode === null; n++) if (await send(n)) taken++
      // In the midst of a post, and of what follows on the ones before.
      const last = send(1_000)
      await new Promise((done) => setTimeout(done, (round * 7) % 30))
      child.kill('SIGKILL')
      await last
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
    monitor = await startMonitor(bench, folder, listening.url)
    const deadline = Date.now() + 60_000
    const missing = () => {
      const got = new Set(taken)
      return [...accepted].some((id) => !got.has(id))
    }
    while (missing() && Date.now() < deadline) await new Promise((done) => setTimeout(done, 50))
    return { accepted, taken, duplicates }
  } finally {
    monitor?.child.kill('SIGKILL')
    await listening.close()
    await publisher.stop()
    await bench.cleanUp()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function startMonitor(bench: Bench, folder: string, alertPublisherUrl: string) {
  const { url, username, password } = bench.connection('killed')
  const child = fork('dist/cli/main.js', ['monitor'], {
    env: {
      ...process.env,
      BELLWETHER_DATA: folder,
      BELLWETHER_MONITOR_PORT: '0',
      BELLWETHER_CLICKHOUSE_URL: url,
      BELLWETHER_CLICKHOUSE_USER: username ?? '',
      BELLWETHER_CLICKHOUSE_PASSWORD: password ?? '',
      BELLWETHER_CLICKHOUSE_DATABASE: 'killed',
      BELLWETHER_ALERT_PUBLISHER_URL: alertPublisherUrl,
      BELLWETHER_ALERT_TOKEN: 'a-token',
      BELLWETHER_LOG_LEVEL: 'fatal',
    },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the monitor ended with ${code}`)
    }),
  ])) as [{ type: string; url: string }]
  return { child, url: message.url }
}

async function postTo(url: string, events: unknown): Promise<{ duplicates: number } | undefined> {
  try {
    const response = await fetch(`${url}/events`, { method: 'POST', body: JSON.stringify({ events }) })
    return response.ok ? ((await response.json()) as { duplicates: number }) : undefined
  } catch {
    return undefined
  }
}

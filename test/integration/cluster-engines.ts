import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startTestEngine, type TestEngine, until } from '../engine/support.js'

export const CLUSTER = 'two_shards'

export interface TestCluster {
  engines: TestEngine[]
  /** Which engine listens for its peers at this place. */
  cleanUp(): Promise<void>
}

/** Embedded engines that know each other as the shards of a cluster. They have no Keeper. */
export async function startCluster(shards: number): Promise<TestCluster> {
  const engines = await Promise.all(
    Array.from({ length: shards }, () => startTestEngine({ listenTcp: true })),
  )
  await configure(engines, shards)
  return {
    engines,
    async cleanUp() {
      await Promise.all(engines.map((each) => each.cleanUp()))
    },
  }
}

/** Tells engines the first of `all` as the shards, which takes a restart: a killed engine comes back with its ports. */
export async function configure(
  engines: readonly TestEngine[],
  shards: number,
  all: readonly TestEngine[] = engines,
): Promise<void> {
  const shard = ({ engine }: TestEngine) =>
    `<shard><internal_replication>true</internal_replication><replica><host>127.0.0.1</host>` +
    `<port>${engine.connection.tcpPort}</port><user>${engine.connection.username}</user>` +
    `<password>${engine.connection.password}</password></replica></shard>`
  const xml = `<clickhouse><remote_servers><${CLUSTER}>${all.slice(0, shards).map(shard).join('')}</${CLUSTER}></remote_servers></clickhouse>`
  await Promise.all(
    engines.map(async ({ dataDir, engine }) => {
      await mkdir(join(dataDir, 'config.d'), { recursive: true })
      await writeFile(join(dataDir, 'config.d', 'cluster.xml'), xml, { mode: 0o600 })
      await restart(engine)
    }),
  )
}

async function restart(engine: TestEngine['engine']): Promise<void> {
  const { pid } = engine
  process.kill(pid!, 'SIGKILL')
  await until('the engine is back', () => engine.state() === 'running' && engine.pid !== pid)
}

/** Keeps an engine from running until the returned function is called; that waits until it answers again. */
export async function keepDown({ engine }: TestEngine): Promise<() => Promise<void>> {
  const kill = () => {
    try {
      if (engine.pid !== undefined) process.kill(engine.pid, 'SIGKILL')
    } catch {
      // between two starts
    }
  }
  kill()
  await until('the engine is down', () => engine.state() !== 'running')
  const timer = setInterval(kill, 10)
  return async () => {
    clearInterval(timer)
    await until('the engine is back', async () => {
      if (engine.state() !== 'running') return false
      const response = await fetch(`${engine.connection.url}/ping`).catch(() => undefined)
      return response?.ok === true
    })
  }
}

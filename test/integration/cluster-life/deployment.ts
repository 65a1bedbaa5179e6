import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, client, type Reply } from '../../manager/api/client.js'
import { eventually, freePort, type Program, startProgram, stopProgram, temporaryFolder } from '../program.js'

const PASSWORD = 'a password of the tests'

/** A manager with its own PostgreSQL and some agents, each a program of its own, on one machine. */
export interface Deployment {
  path: string
  url: string
  monitorUrl: string
  /** As the first administrator; every good answer is checked against the contract. */
  api: Client
  manager: Program
  /** By host name. */
  agents: Map<string, Program>
  /** On the same port and data as before; resolves when it is the active one. */
  startManager(): Promise<void>
  startAgent(hostname: string): void
  /** Ends everything, and removes what it has written. */
  close(): Promise<void>
}

/** Agents call themselves by loopback addresses of their own, which is where the roles of such a host can be reached. */
export async function startDeployment(hostnames: readonly string[]): Promise<Deployment> {
  const { path, remove } = temporaryFolder()
  // PostgreSQL, where it runs as a user of its own, passes through.
  chmodSync(path, 0o711)
  const [port, monitorPort] = [await freePort(), await freePort()]
  const [url, monitorUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${monitorPort}`]
  const joinToken = join(path, 'join-token')
  const dataOf = (hostname: string) => join(path, hostname)

  const deployment: Deployment = {
    path,
    url,
    monitorUrl,
    api: client(url, { user: 'admin', password: PASSWORD }),
    manager: undefined as unknown as Program,
    agents: new Map(),
    async startManager() {
      deployment.manager = startProgram(
        [
          'manager',
          '--data',
          join(path, 'manager'),
          '--port',
          `${port}`,
          '--monitor-url',
          monitorUrl,
          '--csd-dir',
          join(path, 'csd'),
        ],
        { BELLWETHER_ADMIN_PASSWORD: PASSWORD },
      )
      await eventually('the manager', async () => (await fetch(`${url}/health/active`)).status === 200, {
        timeoutMs: 120_000,
        detail: deployment.manager.output,
      })
    },
    startAgent(hostname) {
      const args = ['--data', dataOf(hostname), '--hostname', hostname, '--agent-port', 'off']
      const joining = ['--join', url, '--token-file', joinToken, '--interval', '1s']
      deployment.agents.set(hostname, startProgram(['agent', ...args, ...joining]))
    },
    async close() {
      await Promise.all([...deployment.agents.values()].map(stopProgram))
      for (const hostname of hostnames)
        await startProgram(['agent', '--hard-stop', '--data', dataOf(hostname)]).exited
      if (deployment.manager) await stopProgram(deployment.manager)
      remove()
    },
  }
  mkdirSync(join(path, 'csd'))
  try {
    await deployment.startManager()
    const { body } = await good(deployment.api.post('/cm/joinTokens', { uses: hostnames.length }))
    writeFileSync(joinToken, body.token, { mode: 0o600 })
    for (const hostname of hostnames) deployment.startAgent(hostname)
    await eventually(
      'all hosts',
      async () => (await deployment.api.get('/hosts')).body.items.length === hostnames.length,
      { timeoutMs: 120_000, detail: () => outputs(deployment) },
    )
  } catch (error) {
    await deployment.close()
    throw error
  }
  return deployment
}

/** What the manager and the agents have logged, the ends of it. */
export function outputs({ manager, agents }: Deployment): string {
  return [manager, ...agents.values()].map((program) => program.output().slice(-4_000)).join('\n----\n')
}

/** The reply, where it is a good one; an error with its text otherwise. */
export async function good(sent: Promise<Reply>): Promise<Reply> {
  const reply = await sent
  if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text}`)
  return reply
}

/** As the API takes them. */
export const configOf = (config: Record<string, string | number | boolean>) => ({
  items: Object.entries(config).map(([name, value]) => ({ name, value: String(value) })),
})

/** Waits for the end of a command that the API has started, and gives it with its children. */
export async function ended(deployment: Deployment, sent: Promise<Reply>) {
  const { body } = await good(sent)
  return endOf(deployment, body.id)
}

export function endOf(deployment: Deployment, id: number) {
  return eventually(
    `the end of command ${id}`,
    async () => {
      const { body } = await good(deployment.api.get(`/commands/${id}`))
      return body.active ? undefined : body
    },
    { timeoutMs: 300_000, detail: () => outputs(deployment) },
  )
}

import { readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { greeterJar } from '../../manager/descriptors/support/jar.js'
import { ask, eventually, freePort, isAlive, startProgram, stopProgram } from '../program.js'
import { configOf, type Deployment, ended, endOf, good, outputs, startDeployment } from './deployment.js'
import { missing, modeOf, openSession, watchQuorum } from './zookeeper.js'

const HOSTS = ['127.0.0.1', '127.0.0.2', '127.0.0.3']
const ZK = '/clusters/life/services/zk'
const LONG = 300_000

let deployment: Deployment
let api: Deployment['api']
/** Client port of the server on each host. */
const ports: number[] = []
/** Processes run as who runs the tests. */
const user = {
  process_username: userInfo().username,
  process_groupname: readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((line) => line.split(':')[2] === String(userInfo().gid))!
    .split(':')[0]!,
}

beforeAll(async () => {
  deployment = await startDeployment(HOSTS)
  api = deployment.api
  await good(api.post('/clusters', { items: [{ name: 'life', fullVersion: '7.1.7' }] }))
  const hosts = (await good(api.get('/hosts'))).body.items
  await good(
    api.post('/clusters/life/hosts', { items: hosts.map(({ hostId }: { hostId: string }) => ({ hostId })) }),
  )
}, LONG)
afterAll(() => deployment?.close(), LONG)

const zookeeperFolder = (host: string) => join(deployment.path, `zookeeper-${host}`)

/** Role processes of a service that run, by host: from /proc, not from what anybody says. */
function processesOf(service: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) || !isAlive(Number(name))) continue
    try {
      const folder = readlinkSync(`/proc/${name}/cwd`)
      const host = HOSTS.find((each) => folder.startsWith(join(deployment.path, each, 'process/')))
      if (host && folder.includes(`-${service}-`)) found.set(host, Number(name))
    } catch {
      // Ended in between.
    }
  }
  return found
}

async function rolesOf(path: string) {
  const { body } = await good(api.get(`${path}/roles`))
  return (
    body.items as {
      name: string
      type: string
      hostRef: { hostname: string }
      roleState: string
      configStalenessStatus: string
      zooKeeperServerMode?: string
    }[]
  ).sort((a, b) => a.hostRef.hostname.localeCompare(b.hostRef.hostname))
}

const statesOf = async (path: string) => (await rolesOf(path)).map(({ roleState }) => roleState)
const allStarted = (path: string) =>
  eventually('all roles to run', async () => (await statesOf(path)).every((state) => state === 'STARTED'), {
    timeoutMs: 120_000,
    detail: () => outputs(deployment),
  })

async function expectQuorum(): Promise<void> {
  const modes = await eventually(
    'the quorum',
    async () => {
      const all = await Promise.all(ports.map(modeOf))
      return all.every(Boolean) && all
    },
    { timeoutMs: 120_000, detail: () => outputs(deployment) },
  )
  expect(modes.sort()).toEqual(['follower', 'follower', 'leader'])
}

/** How often the server of a host has begun, by its own log. */
function startsOf(host: string): number {
  const folder = join(zookeeperFolder(host), 'log')
  const log = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  return log.join('').split('Starting quorum peer').length - 1
}

/** Children of a command, and theirs. */
type Command = {
  name: string
  success: boolean
  resultMessage?: string
  roleRef?: { roleName: string }
  children?: { items: Command[] }
}
const stepsOf = (command: Command): Command[] => [
  command,
  ...(command.children?.items ?? []).flatMap(stepsOf),
]

describe('our own monitor, as a role', () => {
  it(
    'is run by an agent, answers, and is told of by all agents from then on',
    async () => {
      await good(api.put('/cm/service', { name: 'mgmt', type: 'MGMT' }))
      await good(
        api.post('/cm/service/roles', { items: [{ type: 'MONITOR', hostRef: { hostname: HOSTS[0] } }] }),
      )
      await good(api.put('/cm/service/config', configOf(user)))
      await good(
        api.put(
          '/cm/service/roleConfigGroups/mgmt-MONITOR-BASE/config',
          configOf({
            data_dir: join(deployment.path, 'monitor'),
            monitor_port: new URL(deployment.monitorUrl).port,
            process_start_secs: 1,
          }),
        ),
      )
      expect(await ended(deployment, api.post('/cm/service/commands/start'))).toMatchObject({ success: true })
      const loads = await eventually(
        'figures of all hosts',
        async () => {
          const found = await ask(
            deployment.url,
            'select load_1 where category = HOST and clusterName = life',
          )
          return found.length === HOSTS.length && found
        },
        { timeoutMs: 120_000, detail: () => outputs(deployment) },
      )
      expect(loads.every(([, values]) => values.length > 0)).toBe(true)
    },
    LONG,
  )
})

describe('a service type from a third party', () => {
  it(
    'is there after a reload, starts, answers, runs its command, stops and goes',
    async () => {
      writeFileSync(join(deployment.path, 'csd', 'GREETER-1.0.jar'), greeterJar())
      const { body: types } = await good(api.post('/cm/serviceTypes/reload'))
      expect(types.items.find(({ type }: { type: string }) => type === 'GREETER')).toMatchObject({
        usable: true,
        // A generator of a format that we do not know is left out, and told.
        problems: [expect.stringContaining('"toml" is not one of')],
      })
      const port = await freePort()
      const config = { port_num: port, log_dir: join(deployment.path, 'greeter-log'), process_start_secs: 1 }
      await good(
        api.post('/clusters/life/services', {
          items: [
            {
              name: 'greeter',
              type: 'GREETER',
              config: configOf({ ...user, plain_secret: 's3cret' }),
              roles: [{ type: 'GREETER_SERVER', hostRef: { hostname: HOSTS[1] } }],
              roleConfigGroups: [
                { name: 'greeter-GREETER_SERVER-BASE', base: true, config: configOf(config) },
              ],
            },
          ],
        }),
      )
      const path = '/clusters/life/services/greeter'
      expect(await ended(deployment, api.post(`${path}/commands/start`))).toMatchObject({ success: true })
      const answer = await eventually(
        'its answer',
        async () =>
          (await fetch(`http://127.0.0.1:${port}/`)).json() as Promise<{
            hostlist: string
            environment: object
          }>,
      )
      expect(answer.hostlist).toBe(`127.0.0.2 greeter.port ${port}\n`)
      expect(answer.environment).toMatchObject({ CDH_VERSION: '7', KNOX: 'none' })
      expect(await ended(deployment, api.post(`${path}/commands/describe_all`))).toMatchObject({
        success: true,
      })

      expect(await ended(deployment, api.post(`${path}/commands/stop`))).toMatchObject({ success: true })
      expect(processesOf('greeter').size).toBe(0)
      await good(api.delete(path))
    },
    LONG,
  )
})

describe('processes that do what they should not', () => {
  const path = '/clusters/life/services/bad'
  /** Of a role: runs a shell script. */
  const shell = (script: string) => configOf({ command: '/bin/sh', arguments: `-c\n${script}` })
  let names: string[]

  it(
    'are told of by host, with what is wrong',
    async () => {
      const config = {
        log_dir: join(deployment.path, 'bad-log'),
        process_start_secs: 1,
        process_start_retries: 0,
        graceful_stop_timeout: 1,
        process_auto_restart: false,
      }
      const roles = [configOf({ command: '/gone' }), shell('exit 7'), shell('sleep 1000 & exit 0')].map(
        (config, i) => ({ type: 'INSTANCE', hostRef: { hostname: HOSTS[i] }, config }),
      )
      const group = { name: 'bad-INSTANCE-BASE', base: true, config: configOf(config) }
      await good(
        api.post('/clusters/life/services', {
          items: [{ name: 'bad', type: 'PROCESS', config: configOf(user), roles, roleConfigGroups: [group] }],
        }),
      )
      names = (await rolesOf(path)).map(({ name }) => name)
      const start: Command = await ended(deployment, api.post(`${path}/commands/start`))
      expect(start.success).toBe(false)
      const steps = stepsOf(start)
      const said = names.map(
        (name) =>
          steps.find((step) => step.name === 'Start' && step.roleRef?.roleName === name)!.resultMessage,
      )
      expect(said[0]).toContain('code 127')
      expect(said[1]).toContain('code 7')
      expect(said[2]).toContain('foreground')
      expect(await statesOf(path)).toEqual(['STOPPED', 'STOPPED', 'STOPPED'])
      const { text } = await good(api.get(`${path}/roles/${names[0]}/logs/stderr`))
      expect(text).toContain("The program '/gone' does not exist")
      expect(processesOf('bad').size).toBe(0)
    },
    LONG,
  )

  it(
    'are kept within bounds, and ended',
    async () => {
      const scripts = [
        "trap '' TERM; while :; do sleep 1; done",
        'head -c 64000000 /dev/zero | tr "\\0" x; exec sleep 1000',
        'exec sleep 1000',
      ]
      for (const [i, script] of scripts.entries())
        await good(api.put(`${path}/roles/${names[i]}/config`, shell(script)))
      expect(await ended(deployment, api.post(`${path}/commands/start`))).toMatchObject({ success: true })
      const logs = () => {
        const processes = join(deployment.path, HOSTS[1]!, 'process')
        const folder = readdirSync(processes)
          .filter((name) => name.includes('-bad-'))
          .sort()
          .at(-1)!
        const files = readdirSync(join(processes, folder, 'logs'))
        return files.map((name) => statSync(join(processes, folder, 'logs', name)).size)
      }
      await eventually('a log that was cut', () => {
        const sizes = logs()
        return sizes.length > 2 && sizes.reduce((sum, size) => sum + size, 0) <= 32 * 1024 ** 2
      })
      expect(await ended(deployment, api.post(`${path}/commands/stop`))).toMatchObject({ success: true })
      expect(processesOf('bad').size).toBe(0)
      await good(api.delete(path))
    },
    LONG,
  )
})

const why = missing.length > 0 ? ` (skipped: no ${missing.join(', ')})` : ''
describe.skipIf(missing.length > 0)(`a ZooKeeper${why}`, () => {
  it(
    'is made of three servers, started, and answers as a quorum',
    async () => {
      const roles = []
      for (const hostname of HOSTS) {
        const [clientPort, quorumPort, electionPort] = [await freePort(), await freePort(), await freePort()]
        ports.push(clientPort)
        const folder = zookeeperFolder(hostname)
        roles.push({
          type: 'SERVER',
          hostRef: { hostname },
          config: configOf({
            clientPort,
            quorumPort,
            electionPort,
            dataDir: folder,
            dataLogDir: folder,
            log_dir: join(folder, 'log'),
          }),
        })
      }
      const small = {
        zookeeper_server_java_heapsize: 67108864,
        tickTime: 500,
        process_start_secs: 1,
        zk_server_java_opts: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC',
      }
      await good(
        api.post('/clusters/life/services', {
          items: [
            {
              name: 'zk',
              type: 'ZOOKEEPER',
              config: configOf(user),
              roles,
              roleConfigGroups: [{ name: 'zk-SERVER-BASE', base: true, config: configOf(small) }],
            },
          ],
        }),
      )
      expect(await ended(deployment, api.post(`${ZK}/commands/start`))).toMatchObject({ success: true })
      await expectQuorum()
      expect((await good(api.get(ZK))).body).toMatchObject({
        serviceState: 'STARTED',
        configStalenessStatus: 'FRESH',
      })
      const session = await openSession(ports[0]!, '/made')
      await session.set(7)
      expect(await session.get()).toBe(7)
      session.close()

      const [first] = await rolesOf(ZK)
      const { body } = await good(api.get(`${ZK}/roles/${first!.name}/process`))
      expect(body.configFiles).toContain('zoo.cfg')
      const { text } = await good(api.get(`${ZK}/roles/${first!.name}/process/configFiles/zoo.cfg`))
      expect(text).toContain('tickTime=500')
      await eventually(
        'its own figures in the monitor',
        async () =>
          (await ask(deployment.url, 'select zookeeper_avg_request_latency, mem_rss where roleType = SERVER'))
            .length === 6,
        { timeoutMs: 120_000, detail: () => outputs(deployment) },
      )
      // Sorted by host, as the ports are.
      const modes = await Promise.all(ports.map(modeOf))
      await eventually('their modes in the API', async () =>
        (await rolesOf(ZK)).every(
          ({ zooKeeperServerMode }, i) => zooKeeperServerMode === `REPLICATED_${modes[i]!.toUpperCase()}`,
        ),
      )
    },
    LONG,
  )

  it(
    'shows a changed setting as outdated, and takes it over in a rolling restart while the quorum serves',
    async () => {
      const before = processesOf('zk')
      await good(api.put(`${ZK}/roleConfigGroups/zk-SERVER-BASE/config`, configOf({ maxClientCnxns: 61 })))
      expect((await good(api.get(ZK))).body).toMatchObject({
        configStale: true,
        configStalenessStatus: 'STALE',
      })
      const [first] = await rolesOf(ZK)
      const { body: difference } = await good(api.get(`${ZK}/roles/${first!.name}/staleness`))
      expect(difference.files).toEqual([
        expect.objectContaining({
          path: 'zoo.cfg',
          before: expect.stringContaining('maxClientCnxns=60'),
          after: expect.stringContaining('maxClientCnxns=61'),
        }),
      ])

      const watch = watchQuorum(ports)
      const restart: Command = await ended(deployment, api.post(`${ZK}/commands/rollingRestart`, {}))
      const { acknowledged, mostAway } = await watch.stop()
      expect(restart, JSON.stringify(restart, null, 1)).toMatchObject({ success: true })
      expect(stepsOf(restart).filter(({ name, success }) => name === 'awaitQuorum' && success)).toHaveLength(
        3,
      )
      expect(mostAway).toBe(1)
      expect(acknowledged).toBeGreaterThan(10)
      await expectQuorum()
      for (const port of ports) {
        const session = await openSession(port)
        await eventually('what was written', async () => (await session.get()) >= acknowledged)
        session.close()
      }
      const after = processesOf('zk')
      for (const host of HOSTS) expect(after.get(host)).not.toBe(before.get(host))
      expect((await rolesOf(ZK)).map((role) => role.configStalenessStatus)).toEqual([
        'FRESH',
        'FRESH',
        'FRESH',
      ])
    },
    LONG,
  )

  it(
    'has a killed server reported within two seconds, and started again',
    async () => {
      // Long enough to be seen, were it not for the promise: the best of three, as the machine may be busy otherwise.
      let best = Number.POSITIVE_INFINITY
      for (let attempt = 0; attempt < 3 && best >= 2_000; attempt++) {
        const pid = processesOf('zk').get(HOSTS[1]!)!
        process.kill(pid, 'SIGKILL')
        const killed = performance.now()
        await eventually('the report', async () => (await statesOf(ZK))[1] !== 'STARTED', { everyMs: 20 })
        best = Math.min(best, performance.now() - killed)
        await allStarted(ZK)
        expect(processesOf('zk').get(HOSTS[1]!)).not.toBe(pid)
        await expectQuorum()
      }
      expect(best).toBeLessThan(2_000)
    },
    LONG,
  )

  it(
    'outlives an agent that is killed: the next one adopts every process',
    async () => {
      const before = processesOf('zk')
      const [host] = HOSTS
      const agent = deployment.agents.get(host!)!
      agent.process.kill('SIGKILL')
      await agent.exited
      expect(processesOf('zk')).toEqual(before)
      deployment.startAgent(host!)
      const adopted = deployment.agents.get(host!)!
      await eventually('the agent', () => adopted.output().includes('"running"'), {
        timeoutMs: 120_000,
        detail: adopted.output,
      })
      // What it does from now on, it does with the processes that it has found.
      const [role] = await rolesOf(ZK)
      expect(
        await ended(
          deployment,
          api
            .post(`${ZK}/roleCommands/awaitQuorum`, { items: [role!.name] })
            .then((reply) => ({ ...reply, body: reply.body.items[0] })),
        ),
      ).toMatchObject({ success: true })
      expect(processesOf('zk')).toEqual(before)
      await allStarted(ZK)
      await allStarted('/cm/service')
      await expectQuorum()
    },
    LONG,
  )

  it(
    'is restarted to the end though the manager is killed on the way, each server once',
    async () => {
      const before = processesOf('zk')
      const starts = new Map(HOSTS.map((host) => [host, startsOf(host)]))
      const watch = watchQuorum(ports)
      const { body } = await good(api.post(`${ZK}/commands/rollingRestart`, {}))
      await eventually(
        'the first server to be restarted',
        () => {
          const now = processesOf('zk').get(HOSTS[0]!)
          return now !== undefined && now !== before.get(HOSTS[0]!)
        },
        { everyMs: 20, timeoutMs: 120_000, detail: () => outputs(deployment) },
      )
      deployment.manager.process.kill('SIGKILL')
      await deployment.manager.exited
      expect(processesOf('zk').get(HOSTS[2]!)).toBe(before.get(HOSTS[2]!))
      await deployment.startManager()
      expect(await endOf(deployment, body.id)).toMatchObject({ id: body.id, success: true })
      expect((await watch.stop()).mostAway).toBe(1)
      await expectQuorum()
      for (const host of HOSTS) {
        expect(processesOf('zk').get(host)).not.toBe(before.get(host))
        expect(startsOf(host)).toBe(starts.get(host)! + 1)
      }
    },
    LONG,
  )

  it(
    'is stopped and deleted, and nothing of it runs',
    async () => {
      expect((await api.delete(ZK)).status).toBe(400)
      expect(await ended(deployment, api.post(`${ZK}/commands/stop`))).toMatchObject({ success: true })
      expect(processesOf('zk').size).toBe(0)
      await good(api.delete(ZK))
    },
    LONG,
  )
})

it(
  'does not let an agent in that has a wrong token, and says so',
  async () => {
    const stranger = startProgram(
      ['agent', '--data', join(deployment.path, 'stranger'), '--agent-port', 'off', '--join', deployment.url],
      { BELLWETHER_MANAGER_TOKEN: `bwj_${'x'.repeat(40)}` },
    )
    try {
      await eventually('what it says', () => stranger.output().includes('The token is not known'), {
        timeoutMs: 120_000,
        detail: stranger.output,
      })
      expect((await good(api.get('/hosts'))).body.items).toHaveLength(HOSTS.length)
    } finally {
      await stopProgram(stranger)
    }
  },
  LONG,
)

it(
  'goes as a whole: the cluster, our own roles, the hosts',
  async () => {
    await good(api.delete('/clusters/life'))
    expect((await good(api.get('/clusters'))).body.items).toEqual([])
    expect(await ended(deployment, api.post('/cm/service/commands/stop'))).toMatchObject({ success: true })
    expect(processesOf('mgmt').size).toBe(0)
    await good(api.delete('/cm/service'))
    for (const agent of deployment.agents.values()) {
      agent.process.kill('SIGTERM')
      expect(await agent.exited).toBe(0)
    }
    for (const { hostId } of (await good(api.get('/hosts'))).body.items)
      await good(api.delete(`/hosts/${hostId}`))
    expect((await good(api.get('/hosts'))).body.items).toEqual([])
  },
  LONG,
)

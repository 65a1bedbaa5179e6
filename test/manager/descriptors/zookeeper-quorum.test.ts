import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { uniqueIds } from '../../../src/manager/descriptors/index.js'
import { collectionTargets, differences, generateRole } from '../../../src/manager/generate/index.js'
import { inputFor, ourType, type RoleSpec, serviceOf } from './support/model.js'
import { eventually, freePorts, materialise, readIfThere, type Started, start } from './support/run.js'

const missing = [
  ...(existsSync('/usr/share/java/zookeeper.jar') ? [] : ['the package libzookeeper-java']),
  ...(hasJava() ? [] : ['a Java runtime']),
]
if (missing.length > 0)
  console.warn(`NOT TESTED: a real ZooKeeper quorum, for want of ${missing.join(' and ')}`)

const folder = mkdtempSync(join(tmpdir(), 'bw-zookeeper-'))
const running: Started[] = []

afterAll(async () => {
  for (const each of running) each.child.kill('SIGKILL')
  await Promise.all(running.map((each) => each.ended))
  rmSync(folder, { recursive: true, force: true })
})

test.skipIf(missing.length > 0)(
  'three servers from the generated files form a quorum, and survive the leader',
  async () => {
    const descriptor = await ourType('ZOOKEEPER')
    const server = descriptor.roles[0]!
    const ports = await freePorts(9)
    const roles: RoleSpec[] = []
    for (let i = 0; i < 3; i++)
      roles.push({
        type: 'SERVER',
        hostname: '127.0.0.1',
        config: {
          ...uniqueIds(
            server,
            roles.map((role) => role.config!),
          ),
          clientPort: String(ports[3 * i]),
          quorumPort: String(ports[3 * i + 1]),
          electionPort: String(ports[3 * i + 2]),
          dataDir: join(folder, `data${i}`),
          dataLogDir: join(folder, `data${i}`),
          log_dir: join(folder, `log${i}`),
          zookeeper_server_java_heapsize: '67108864',
          tickTime: '500',
        },
      })
    const service = serviceOf(descriptor, { roles })
    const processes = await Promise.all(roles.map(async (_, i) => generateRole(await inputFor(service, i))))
    for (const [i, process] of processes.entries()) {
      const directory = join(folder, `${i}-zookeeper-SERVER`)
      materialise(process, directory)
      running.push(start(process, directory))
    }
    const said = () => running.map((each, i) => each.output() + tail(join(folder, `log${i}`))).join('\n')
    const answers = await eventually(
      () => `no quorum: ${said()}`,
      async () => {
        const all = await Promise.all([0, 1, 2].map((i) => mntr(ports[3 * i]!)))
        const states = all.map((each) => each.get('zk_server_state')).sort()
        return states.join() === 'follower,follower,leader' ? all : undefined
      },
      90_000,
    )
    const leader = answers.findIndex((each) => each.get('zk_server_state') === 'leader')
    expect(readIfThere(join(folder, 'data2/myid')).trim()).toBe('3')

    // What the agent is told to collect is really there: from a leader, everything.
    const [target] = collectionTargets(await inputFor(service, leader))
    expect(target).toMatchObject({ type: 'mntr', host: '127.0.0.1', port: ports[3 * leader] })
    const unknown = target!.metrics.filter((metric) => !answers[leader]!.has(metric.context))
    expect(unknown.map((metric) => metric.context)).toEqual([])
    expect(answers[leader]!.get('zk_synced_followers')).toMatch(/^2/)

    running[leader]!.child.kill('SIGKILL')
    await running[leader]!.ended
    const others = [0, 1, 2].filter((i) => i !== leader)
    await eventually(
      () => `no new leader: ${said()}`,
      async () => {
        const states = await Promise.all(others.map((i) => mntr(ports[3 * i]!)))
        return states.some((each) => each.get('zk_server_state') === 'leader') || undefined
      },
      60_000,
    )

    // A fourth server makes the running ones stale, for they do not know it.
    const grown = serviceOf(descriptor, {
      roles: [...roles, { type: 'SERVER', hostname: '127.0.0.1', config: { serverId: '4' } }],
    })
    const change = differences(processes[0]!, generateRole(await inputFor(grown, 0)))
    expect(change.staleness).toBe('STALE')
    expect(change.files.map((each) => each.path)).toEqual(['zoo.cfg'])

    for (const i of others) running[i]!.child.kill('SIGTERM')
    for (const i of others) expect([143, 'SIGTERM']).toContain(await running[i]!.ended)
  },
  200_000,
)

function hasJava(): boolean {
  try {
    execFileSync('java', ['-version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function tail(folder: string): string {
  try {
    return execFileSync('sh', ['-c', 'tail -n 20 "$0"/*', folder], { encoding: 'utf8' })
  } catch {
    return ''
  }
}

/** Asks a server for its figures; rejects while it does not listen. */
function mntr(port: number): Promise<Map<string, string>> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end('mntr'))
    socket.setTimeout(5000, () => socket.destroy(new Error('no answer')))
    let text = ''
    socket.on('data', (chunk) => (text += chunk))
    socket.on('error', reject)
    socket.on('close', () =>
      resolve(
        new Map(
          text
            .split('\n')
            .map((line) => line.split('\t'))
            .filter((pair): pair is [string, string] => pair.length === 2),
        ),
      ),
    )
  })
}

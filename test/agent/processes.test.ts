import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openApplied } from '../../src/agent/processes/applied.js'
import { removeOrphans } from '../../src/agent/processes/orphans.js'
import { dataFolder, startManagedAgent } from './managed-agent.js'
import { startManager, state, wanted } from './manager-stand-in.js'
import { temporaryFolder, until } from './support.js'

const shell = (id: number, script: string, more: object = {}) => wanted(id, 'sh', ['-c', script], more)
const isRoot = process.getuid?.() === 0

describe('an agent with a manager', () => {
  it('starts what is wanted in a folder of its own, and stops what no longer is', async () => {
    const manager = await startManager()
    const agent = await startManagedAgent(manager)
    await until(() => manager.requests.length > 0, 'a first beat')
    expect(manager.requests[0]!.facts).toMatchObject({
      cores: expect.any(Number),
      hostname: expect.any(String),
    })
    const began = performance.now()
    const script = '#!/bin/sh\necho "$GREETING $1 $2 $PWD"\nexec sleep 1000\n'
    manager.want(
      state([
        wanted(1, 'scripts/run.sh', ['a b', '$HOME'], {
          environment: { GREETING: 'hello' },
          files: [
            { path: 'scripts/run.sh', mode: '0755', content: script },
            { path: 'conf/secret.properties', mode: '0600', base64: Buffer.from('a=b').toString('base64') },
          ],
        }),
      ]),
    )
    const report = await manager.see(1, ({ pid }) => pid !== undefined)
    // Told in a beat that was held: the next one would have come after 15 s.
    expect(performance.now() - began).toBeLessThan(10_000)
    const folder = agent.folder(1)
    await until(() => agent.log(1) !== '', 'its log')
    expect(agent.log(1)).toBe(`hello a b $HOME ${folder}\n`)
    expect(agent.mode(folder)).toBe(0o751)
    expect(agent.mode(`${folder}/conf/secret.properties`)).toBe(0o600)
    const commandLine = () => readFileSync(`/proc/${report.pid}/cmdline`, 'utf8')
    await until(() => commandLine() === 'sleep\x001000\0', 'its second program')
    await manager.see(1, ({ state }) => state === 'RUNNING')
    manager.holdMs = 300
    manager.want(state([]))
    await until(() => !agent.runs(report.pid!), 'its end')
    await until(() => manager.process(1) === undefined, 'it to be forgotten')
    const ended = manager.requests.flatMap(({ processes }) =>
      processes.filter(({ state }) => state === 'STOPPED'),
    )
    expect(ended[0]).toMatchObject({ id: 1, exit: { signal: 'SIGTERM' } })
    expect(manager.requests.filter(({ facts }) => facts).length).toBe(1)
  })

  it('keeps a stopped one stopped, and tells so, as long as it is listed', async () => {
    const manager = await startManager()
    await startManagedAgent(manager)
    manager.want(state([wanted(1, 'sleep', ['1000']), wanted(2, 'sleep', ['1000'], { wanted: 'STOPPED' })]))
    await manager.see(1, ({ pid }) => pid !== undefined)
    await manager.see(2, ({ state }) => state === 'STOPPED')
    manager.want(state([wanted(1, 'sleep', ['1000'], { wanted: 'STOPPED' })]))
    await manager.see(1, ({ state }) => state === 'STOPPED')
    manager.want(state([wanted(1, 'sleep', ['1000'], { wanted: 'STOPPED' })]))
    await until(() => manager.requests.at(-1)!.generation === 3, 'the third generation')
    expect(manager.process(1)).toMatchObject({ state: 'STOPPED', restarts: 0 })
  })

  it('tells an exit at once, with code or signal, and starts it again if that is wanted', async () => {
    const manager = await startManager()
    await startManagedAgent(manager)
    manager.want(
      state([
        wanted(1, 'sleep', ['1000']),
        wanted(2, 'sleep', ['1000'], { autoRestart: false }),
        shell(3, 'sleep 0.2; exit 42', { autoRestart: false }),
      ]),
    )
    const first = await manager.see(1, ({ state }) => state === 'RUNNING')
    const second = await manager.see(2, ({ state }) => state === 'RUNNING')
    const killed = performance.now()
    process.kill(first.pid!, 'SIGKILL')
    process.kill(second.pid!, 'SIGKILL')
    await manager.see(1, ({ unexpectedExits }) => unexpectedExits === 1)
    await manager.see(2, ({ state }) => state === 'EXITED')
    // By a beat of its own, before the held one is answered.
    expect(performance.now() - killed).toBeLessThan(10_000)
    expect(manager.process(2)).toMatchObject({ exit: { signal: 'SIGKILL' }, unexpectedExits: 1 })
    const again = await manager.see(1, ({ pid }) => pid !== undefined && pid !== first.pid)
    expect(again).toMatchObject({ restarts: 1, exit: { signal: 'SIGKILL' } })
    await manager.see(3, ({ state }) => state === 'EXITED')
    expect(manager.process(3)).toMatchObject({ exit: { code: 42 } })
  })

  it('runs a command once for its id, whatever is said again, and tells its code', async () => {
    const manager = await startManager()
    const agent = await startManagedAgent(manager)
    const marks = join(agent.dataDir, 'marks')
    const command = shell(7, `echo x >> ${marks}; exit 3`, { run: 'once' })
    manager.want(state([command]))
    const report = await manager.see(7, ({ state }) => state === 'EXITED')
    expect(report).toMatchObject({ exit: { code: 3 }, unexpectedExits: 0 })
    manager.want(state([]))
    manager.holdMs = 200
    await until(() => manager.process(7) === undefined, 'it to be forgotten')
    manager.want(state([{ ...command, revision: 5 }]))
    await until(
      () => manager.requests.at(-1)!.generation === 3 && manager.requests.at(-1)!.settled,
      'to settle',
    )
    expect(manager.process(7)).toMatchObject({ state: 'EXITED', problem: { code: 'RECORD_LOST' } })
    expect(readFileSync(marks, 'utf8')).toBe('x\n')
  })

  it('rewrites the files of a running process on a refresh, and signals it, once', async () => {
    const manager = await startManager()
    const agent = await startManagedAgent(manager)
    const of = (revision: number, text: string) =>
      shell(1, 'trap "cat conf/a.txt" HUP; echo ready; while :; do sleep 0.05; done', {
        revision,
        refreshSignal: 'SIGHUP',
        files: [{ path: 'conf/a.txt', mode: '0644', content: text }],
      })
    manager.want(state([of(0, 'old\n')]))
    const { pid } = await manager.see(1, ({ state }) => state === 'RUNNING')
    await until(() => agent.log(1) === 'ready\n', 'it to wait for signals')
    manager.want(state([of(1, 'new\n')]))
    await manager.see(1, ({ revision }) => revision === 1)
    await until(() => agent.log(1) !== 'ready\n', 'the signal to be seen')
    manager.want(state([of(1, 'new\n')]))
    manager.want(state([of(1, 'new\n')]))
    await until(() => manager.requests.at(-1)!.generation === 4, 'the fourth generation')
    expect(agent.log(1)).toBe('ready\nnew\n')
    expect(manager.process(1)).toMatchObject({ pid, restarts: 0 })
  })

  it('follows no link that a process puts in the way of a refresh', async () => {
    const manager = await startManager()
    const agent = await startManagedAgent(manager)
    const victim = join(agent.dataDir, 'victim')
    mkdirSync(victim)
    const of = (revision: number) =>
      wanted(1, 'sleep', ['1000'], { revision, files: [{ path: 'conf/a.txt', mode: '0644', content: 'x' }] })
    manager.want(state([of(0)]))
    await manager.see(1, ({ state }) => state === 'RUNNING')
    const conf = join(agent.folder(1), 'conf')
    rmSync(conf, { recursive: true })
    symlinkSync(victim, conf)
    manager.want(state([of(1)]))
    await manager.see(1, ({ problem }) => problem !== undefined)
    expect(readdirSync(victim)).toEqual([])
    expect(manager.process(1)).toMatchObject({ state: 'RUNNING', revision: 0 })
  })

  it('carries out commands at once, and each once: signal, restart', async () => {
    const manager = await startManager()
    const agent = await startManagedAgent(manager)
    manager.want(state([shell(1, 'trap "echo usr1" USR1; echo ready; while :; do sleep 0.05; done')]))
    const first = await manager.see(1, ({ state }) => state === 'RUNNING')
    await until(() => agent.log(1) === 'ready\n', 'it to wait for signals')
    const began = performance.now()
    manager.command({ id: 'c1', kind: 'signal', processId: 1, signal: 'SIGUSR1' })
    await until(() => agent.log(1) === 'ready\nusr1\n', 'the signal')
    // Before the beat that was held would have ended.
    expect(performance.now() - began).toBeLessThan(10_000)
    await until(() => manager.requests.at(-1)!.commands.some(({ id, ok }) => id === 'c1' && ok), 'its report')
    manager.command({ id: 'c2', kind: 'restart', processId: 1 })
    const again = await manager.see(1, ({ state, pid }) => state === 'RUNNING' && pid !== first.pid)
    expect(again).toMatchObject({ unexpectedExits: 0, restarts: 1 })
    manager.command({ id: 'c3', kind: 'signal', processId: 99, signal: 'SIGTERM' })
    await until(
      () => manager.requests.some(({ commands }) => commands.some(({ id, ok }) => id === 'c3' && !ok)),
      'a refusal',
    )
    expect(agent.log(1).split('usr1')).toHaveLength(2)
  })

  it('fetches files by their digest, and refuses what is not what it should be', async () => {
    const manager = await startManager({ token: 'secret-token' })
    const agent = await startManagedAgent(manager, { managerToken: 'secret-token' })
    const good = Buffer.alloc(300_000, 7)
    const digest = createHash('sha256').update(good).digest('hex')
    manager.files.set('/files/good', good)
    manager.files.set('/files/bad', Buffer.from('something else'))
    const file = (url: string) => ({ files: [{ path: 'data.bin', mode: '0600', digest, url }] })
    manager.want(
      state([
        wanted(1, 'sleep', ['1000'], file('/files/bad')),
        wanted(2, 'sleep', ['1000'], file('/files/good')),
      ]),
    )
    await manager.see(2, ({ pid }) => pid !== undefined)
    expect(readFileSync(join(agent.folder(2), 'data.bin')).equals(good)).toBe(true)
    const report = await manager.see(1, ({ state }) => state === 'BACKOFF')
    expect(report.problem!.message).toContain(digest)
    await until(() => !existsSync(agent.folder(1)), 'nothing to be left of it')
  })

  it('keeps what runs while the manager is away, and starts it again, also when the agent is started in that time', async () => {
    const manager = await startManager()
    const agent = await startManagedAgent(manager)
    manager.want(state([wanted(1, 'sleep', ['1000'])]))
    const { pid } = await manager.see(1, ({ state }) => state === 'RUNNING')
    await manager.stop()
    await agent.agent.stop()
    expect(agent.runs(pid!)).toBe(true)
    const second = await startManagedAgent(manager, {}, agent.dataDir)
    const statusOf = () => second.agent.status().manager!.processes[0]
    await until(() => statusOf()?.pid === pid, 'its process')
    process.kill(pid!, 'SIGKILL')
    await until(() => statusOf()?.pid !== undefined && statusOf()!.pid !== pid, 'another one')
    await until(() => second.agent.status().manager!.lastError?.code === 'AWAY', 'a beat that failed')
    expect(second.agent.status().manager!.connected).toBe(false)
  })

  it('starts nothing on a machine that was cloned, with all that it knew, from one that is at work', async () => {
    const manager = await startManager()
    const first = await startManagedAgent(manager)
    manager.want(state([wanted(1, 'sleep', ['1000'])]))
    await manager.see(1, ({ state }) => state === 'RUNNING')
    const copy = dataFolder()
    for (const name of ['host-id', 'manager.json', 'desired.json'])
      cpSync(join(first.dataDir, name), join(copy, name))
    await first.agent.stop()
    manager.instead = (_, response) => {
      response.writeHead(409).end(JSON.stringify({ code: 'HOST_ID_IN_USE', message: 'It is at work.' }))
      return true
    }
    const second = await startManagedAgent(manager, {}, copy)
    await until(() => second.agent.status().manager!.beats > 2, 'its beats')
    expect(second.supervisorPid()).toBeUndefined()
    // The other one is gone, or there was none: then it does what it is to do.
    manager.instead = undefined
    await until(() => second.supervisorPid() !== undefined, 'its processes')
  })

  it('leaves what it cannot read of the desired state as it is, and does the rest', async () => {
    const manager = await startManager()
    await startManagedAgent(manager)
    manager.want(state([wanted(1, 'sleep', ['1000'])]))
    const { pid } = await manager.see(1, ({ state }) => state === 'RUNNING')
    manager.want(
      state([
        { ...wanted(1, 'sleep', ['1000']), files: [{ path: '../x', mode: '0644', content: '' }] },
        wanted(2, 'sleep', ['1000']),
        { id: 'x' },
      ]),
    )
    await manager.see(2, ({ state }) => state === 'RUNNING')
    expect(manager.process(1)).toMatchObject({ pid, state: 'RUNNING' })
    const { faults } = manager.requests.at(-1)!
    expect(faults).toHaveLength(2)
    expect(faults[0]).toMatchObject({ path: 'desired.processes[0].files[0].path', id: 1 })
  })

  it('stops everything on hardStop, listed or not', async () => {
    const manager = await startManager()
    await startManagedAgent(manager)
    manager.want(state([wanted(1, 'sleep', ['1000'])]))
    await manager.see(1, ({ state }) => state === 'RUNNING')
    manager.want(state([wanted(1, 'sleep', ['1000']), wanted(2, 'sleep', ['1000'])], { hardStop: true }))
    await manager.see(1, ({ state }) => state === 'STOPPED')
    await manager.see(2, ({ state }) => state === 'STOPPED')
  })

  it('deploys client configurations as a whole, and again when they change', async () => {
    const manager = await startManager()
    const agent = await startManagedAgent(manager)
    const directory = join(agent.dataDir, 'etc/hadoop/conf.test')
    const of = (revision: number, path: string) => ({
      clientConfigs: [
        { name: 'hadoop-conf', revision, directory, files: [{ path, mode: '0644', content: 'c' }] },
      ],
    })
    manager.want(state([], of(1, 'core-site.xml')))
    const deployed = (revision: number) => () =>
      manager.requests
        .at(-1)
        ?.clientConfigs.some((one) => one.revision === revision && one.state === 'DEPLOYED') === true
    await until(deployed(1), 'the first')
    manager.want(state([], of(2, 'hdfs-site.xml')))
    await until(deployed(2), 'the second')
    expect(readdirSync(directory)).toEqual(['hdfs-site.xml'])
    expect(readdirSync(join(directory, '..'))).toEqual(['conf.test'])
    // What is no longer wanted is not kept in mind: wanted again, it is made again.
    manager.want(state([]))
    await until(() => manager.requests.at(-1)?.clientConfigs.length === 0, 'none')
    rmSync(directory, { recursive: true })
    manager.want(state([], of(2, 'hdfs-site.xml')))
    await until(() => existsSync(join(directory, 'hdfs-site.xml')), 'its files')
  })

  it('remembers the commands that it has run, as many as a manager has outstanding, and no more', async () => {
    const folder = temporaryFolder()
    writeFileSync(
      join(folder, 'applied.json'),
      JSON.stringify({ ran: Array.from({ length: 5_000 }, (_, i) => i + 1) }),
    )
    const applied = await openApplied(folder)
    await applied.markRun(5_001)
    expect([1, 2, 5_001].map(applied.hasRun)).toEqual([false, true, true])
  })

  it('deploys what a process has made once it has ended, and says why where it has ended badly', async () => {
    const manager = await startManager()
    const agent = await startManagedAgent(manager)
    const directory = join(agent.dataDir, 'etc/lab/conf.test')
    const of = (processId: number) => ({
      clientConfigs: [
        { name: 'lab', revision: processId, directory, files: [], from: { processId, folder: 'out' } },
      ],
    })
    const states = (revision: number) =>
      manager.requests.flatMap(({ clientConfigs }) =>
        clientConfigs.flatMap((one) => (one.revision === revision ? [one] : [])),
      )
    const makes = (id: number, code: number) =>
      shell(
        id,
        `umask 027; sleep 0.5; mkdir out; echo ${id} > out/made; (umask 077; echo > out/secret); exit ${code}`,
        { run: 'once' },
      )
    manager.want(state([makes(1, 0)], of(1)))
    await until(() => states(1).at(-1)?.state === 'DEPLOYED', 'the configuration')
    expect(readFileSync(join(directory, 'made'), 'utf8')).toBe('1\n')
    // Whoever runs the client reads it; not what was closed.
    expect(['', 'made', 'secret'].map((name) => agent.mode(join(directory, name)))).toEqual([
      0o755, 0o644, 0o600,
    ])
    // Waiting is no failure: the manager's command would end with it.
    expect(states(1).filter((one) => one.state === 'FAILED')).toEqual([])
    manager.want(state([makes(2, 3)], of(2)))
    await until(() => states(2).at(-1)?.state === 'FAILED', 'the failure')
    expect(states(2).at(-1)!.problem!.message).toContain('process 2 has not ended with code 0')
    expect(readFileSync(join(directory, 'made'), 'utf8')).toBe('1\n')
  })

  it.skipIf(!isRoot)(
    'runs a process as another user, who owns its folder, and refuses users that are not there (needs root)',
    async () => {
      const manager = await startManager()
      const agent = await startManagedAgent(manager)
      const data = join(agent.dataDir, 'data/of/role')
      manager.want(
        state([
          shell(1, 'id -un; ls conf.txt; cat agent.txt 2>/dev/null || echo no; exec sleep 1000', {
            user: 'nobody',
            files: [
              { path: 'conf.txt', mode: '0600', content: 'x' },
              { path: 'agent.txt', mode: '0600', content: 'x', owner: 'agent' },
            ],
            directories: [{ path: data, mode: '0700' }],
          }),
          wanted(2, 'sleep', ['1000'], { user: 'no-such-user' }),
          wanted(3, 'sleep', ['1000'], { group: 'no-such-group' }),
        ]),
      )
      const { pid } = await manager.see(1, ({ state }) => state === 'RUNNING')
      await until(() => agent.log(1).split('\n').length > 3, 'three lines')
      expect(agent.log(1)).toBe('nobody\nconf.txt\nno\n')
      const nobody = statSync(agent.folder(1)).uid
      expect(nobody).toBeGreaterThan(0)
      expect(statSync(data).uid).toBe(nobody)
      expect(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]).toBe(String(nobody))
      expect((await manager.see(2, ({ state }) => state === 'FATAL')).problem).toMatchObject({
        code: 'NO_SUCH_USER',
      })
      expect((await manager.see(3, ({ state }) => state === 'FATAL')).problem).toMatchObject({
        code: 'NO_SUCH_GROUP',
      })
    },
  )

  it('removes folders of earlier processes after some time, never those of present ones', async () => {
    const root = temporaryFolder()
    const old = new Date(Date.now() - 10_000)
    for (const name of ['1-a-B', '2-a-B', '3-a-B', 'mine', '.old-4-a-B-x']) {
      mkdirSync(join(root, name, 'logs'), { recursive: true })
      writeFileSync(join(root, name, 'logs/stdout.log'), '')
      for (const path of ['logs/stdout.log', 'logs', '']) utimesSync(join(root, name, path), old, old)
    }
    writeFileSync(join(root, '3-a-B/logs/stdout.log'), 'still writes')
    const removed = await removeOrphans(root, new Set(['1-a-B']), { maxAgeMs: 5000, maxCount: 10 })
    expect(removed.sort()).toEqual(['.old-4-a-B-x', '2-a-B'])
    expect(readdirSync(root).sort()).toEqual(['1-a-B', '3-a-B', 'mine'])
    expect(await removeOrphans(root, new Set(), { maxAgeMs: 1e9, maxCount: 1 })).toEqual(['1-a-B'])
  })
})

import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { hardStop } from '../../src/agent/index.js'
import { cgroupsBelow, findCgroups } from '../../src/agent/supervisor/cgroup.js'
import { createFrameReader, encodeFrame } from '../../src/agent/supervisor/frame.js'
import { connectSupervisor, openSupervisor } from '../../src/agent/supervisor/index.js'
import { openLogs } from '../../src/agent/supervisor/logs.js'
import { decide } from '../../src/agent/supervisor/policy.js'
import type { Launch, Status } from '../../src/agent/supervisor/protocol.js'
import { openRecords } from '../../src/agent/supervisor/records.js'
import { dataFolder, lookInto, spawnAgent, startManagedAgent } from './managed-agent.js'
import { startManager, state, wanted } from './manager-stand-in.js'
import { silent, temporaryFolder, until } from './support.js'

const shell = (id: number, script: string, more: object = {}) => wanted(id, 'sh', ['-c', script], more)
const isRoot = process.getuid?.() === 0
const cgroup2 = findCgroups({ label: 'probe', pids: [] })
await cgroup2?.close()

/** A supervisor without an agent. */
async function supervise(dataDir = dataFolder()) {
  const history: Status[] = []
  const latest = new Map<number, Status>()
  const events = {
    hello: ({ processes }: { processes: Status[] }) => {
      for (const one of processes) latest.set(one.id, one)
    },
    status(status: Status) {
      history.push(status)
      latest.set(status.id, status)
    },
    gone: (id: number) => void latest.delete(id),
  }
  const client = await openSupervisor(join(dataDir, 'supervisor'), events)
  const see = async (id: number, what: (status: Status) => boolean, ms?: number) => {
    await until(() => latest.has(id) && what(latest.get(id)!), `process ${id}`, ms).catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify(latest.get(id))}`)
    })
    return latest.get(id)!
  }
  const launch = (id: number, program: string, args: string[] = [], more: Partial<Launch> = {}): Launch => {
    const name = `${id}-test1-SERVER`
    const folder = join(dataDir, 'process', name)
    mkdirSync(join(folder, 'logs'), { recursive: true })
    return {
      ...{
        id,
        name,
        folder,
        run: 'keep',
        program,
        args,
        environment: {},
        autoRestart: true,
        startRetries: 1,
      },
      ...{
        startSeconds: 1,
        stop: { signal: 'SIGTERM', timeoutMs: 500 },
        logs: { maxBytes: 65_536, backups: 2 },
      },
      ...more,
    }
  }
  const start = (...all: Parameters<typeof launch>) => client.ask({ op: 'start', launch: launch(...all) })
  return { client, history, latest, see, launch, start, dataDir, ...lookInto(dataDir) }
}

describe('processes outlive those who watch them', () => {
  it('the agent killed by SIGKILL: the next one adopts every process, and hears of an exit in between', async () => {
    const manager = await startManager()
    const dataDir = dataFolder()
    const agent = await spawnAgent(dataDir, manager)
    const ids = [1, 2, 3, 4, 5]
    manager.want(state(ids.map((id) => wanted(id, 'sleep', ['1000'], { autoRestart: id !== 5 }))))
    const pids = await Promise.all(
      ids.map(async (id) => (await manager.see(id, ({ state }) => state === 'RUNNING')).pid!),
    )
    agent.kill('SIGKILL')
    await new Promise((resolve) => agent.once('exit', resolve))
    process.kill(pids[4]!, 'SIGKILL')
    const before = manager.requests.length
    await spawnAgent(dataDir, manager)
    await until(() => manager.requests.length > before + 1, 'beats of the next agent')
    await manager.see(5, ({ state }) => state === 'EXITED')
    expect(manager.process(5)).toMatchObject({ exit: { signal: 'SIGKILL' } })
    expect(ids.slice(0, 4).map((id) => manager.process(id)?.pid)).toEqual(pids.slice(0, 4))
    expect(ids.slice(0, 4).every((id) => manager.process(id)?.restarts === 0)).toBe(true)
    expect(manager.requests.at(-1)!.instanceId).not.toBe(manager.requests[0]!.instanceId)
  })

  it('the supervisor killed by SIGKILL: another adopts every process, watches it and stops it', async () => {
    const manager = await startManager()
    const agent = await startManagedAgent(manager)
    manager.want(
      state([
        wanted(1, 'sleep', ['1000']),
        wanted(2, 'sleep', ['1000']),
        shell(3, 'while :; do echo line; sleep 0.05; done'),
      ]),
    )
    const first = await manager.see(1, ({ state }) => state === 'RUNNING')
    const second = await manager.see(2, ({ state }) => state === 'RUNNING')
    const third = await manager.see(3, ({ state }) => state === 'RUNNING')
    const supervisor = agent.supervisorPid()!
    process.kill(supervisor, 'SIGKILL')
    await until(() => agent.supervisorPid() !== supervisor, 'another supervisor')
    const killed = performance.now()
    process.kill(first.pid!, 'SIGKILL')
    const again = await manager.see(1, ({ pid, restarts }) => restarts === 1 && pid !== undefined)
    // Nobody told the manager in a held beat, which would have ended after 15 s.
    expect(performance.now() - killed).toBeLessThan(12_000)
    // Nobody was there to be told its code.
    expect(again.exit).toEqual({ at: expect.any(Number) })
    expect(manager.process(2)).toMatchObject({ pid: second.pid, restarts: 0 })
    const lines = agent.log(3).length
    await until(() => agent.log(3).length > lines, 'it to write on')
    manager.want(state([wanted(1, 'sleep', ['1000'])]))
    await until(() => !agent.runs(second.pid!) && !agent.runs(third.pid!), 'their ends')
  })

  it('the supervisor killed with records torn or gone: what is wanted is adopted by its environment, the rest ended', async () => {
    const manager = await startManager()
    const agent = await startManagedAgent(manager)
    const marks = join(agent.dataDir, 'marks')
    const command = shell(3, `echo x >> ${marks}; exec sleep 1000`, { run: 'once' })
    manager.want(state([wanted(1, 'sleep', ['1000']), wanted(2, 'sleep', ['1000']), command]))
    const pids = await Promise.all(
      [1, 2, 3].map(async (id) => (await manager.see(id, ({ state }) => state === 'RUNNING')).pid!),
    )
    await agent.agent.stop()
    const supervisor = agent.supervisorPid()!
    process.kill(supervisor, 'SIGKILL')
    await until(() => !agent.runs(supervisor), 'its end')
    const records = join(agent.dataDir, 'supervisor/processes')
    for (const id of [1, 2, 3]) {
      const text = readFileSync(join(records, `${id}.json`), 'utf8')
      writeFileSync(join(records, `${id}.json`), text.slice(0, text.length / 2))
    }
    manager.want(state([wanted(1, 'sleep', ['1000']), command]))
    await startManagedAgent(manager, {}, agent.dataDir)
    await until(
      () => manager.process(3)?.pid === pids[2] && manager.process(1)?.pid === pids[0],
      'them to be adopted',
    )
    await until(() => !agent.runs(pids[1]!), 'the end of what nobody wants')
    expect(readFileSync(marks, 'utf8')).toBe('x\n')
    expect(readdirSync(records).filter((name) => name.endsWith('.bad'))).toHaveLength(3)
  })

  it('everything killed, the desired state torn: nothing is stopped before the manager has answered', async () => {
    const manager = await startManager()
    const agent = await startManagedAgent(manager)
    manager.want(state([wanted(1, 'sleep', ['1000'])]))
    const { pid } = await manager.see(1, ({ state }) => state === 'RUNNING')
    await agent.agent.stop()
    process.kill(agent.supervisorPid()!, 'SIGKILL')
    const path = join(agent.dataDir, 'desired.json')
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 100))
    manager.instead = (_, response) => {
      response.writeHead(500).end()
      return true
    }
    const next = await startManagedAgent(manager, {}, agent.dataDir)
    await until(() => next.agent.status().manager!.lastError !== null, 'a failure')
    expect(agent.runs(pid!)).toBe(true)
    manager.instead = undefined
    await until(
      () => manager.process(1)?.pid === pid && manager.requests.at(-1)!.generation === 1,
      'it to be adopted',
    )
  })

  it('agent and supervisor killed again and again at any moment: no command runs twice, and each one ends in a report', async () => {
    const manager = await startManager()
    const dataDir = dataFolder()
    const look = lookInto(dataDir)
    const marks = join(dataDir, 'marks')
    const commands: object[] = []
    for (let life = 0; life < 6; life++) {
      const agent = await spawnAgent(dataDir, manager)
      for (let i = 0; i < 4; i++) {
        const id = commands.length + 1
        commands.push(shell(id, `echo ${id} >> ${marks}; sleep 0.1`, { run: 'once' }))
      }
      manager.want(state(commands))
      await delay(60 * life)
      const supervisor = look.supervisorPid()
      const both = [agent.pid, ...(supervisor !== undefined && look.runs(supervisor) ? [supervisor] : [])]
      for (const pid of life % 2 ? both : both.reverse()) process.kill(pid!, 'SIGKILL')
    }
    await spawnAgent(dataDir, manager)
    const all = () => manager.requests.at(-1)!.processes
    await until(
      () => all().length === commands.length && all().every(({ state }) => state === 'EXITED'),
      'all reports',
    )
    const ran = readFileSync(marks, 'utf8').trim().split('\n')
    expect(new Set(ran).size).toBe(ran.length)
    for (const { id, exit, problem } of all())
      if (!ran.includes(String(id)))
        expect({ id, exit, problem }).toMatchObject({ problem: expect.anything() })
  }, 120_000)

  it('ends an agent, its processes and the supervisor on a hard stop; a clean start removes their folders', async () => {
    const manager = await startManager()
    const dataDir = dataFolder()
    const look = lookInto(dataDir)
    const agent = await spawnAgent(dataDir, manager)
    const command = shell(2, 'echo x >> ../../marks', { run: 'once' })
    manager.want(state([wanted(1, 'sleep', ['1000']), command]))
    const { pid } = await manager.see(1, ({ state }) => state === 'RUNNING')
    await manager.see(2, ({ state }) => state === 'EXITED')
    const supervisor = look.supervisorPid()!
    await hardStop(dataDir, silent)
    // Both are gone when hardStop returns; that this process has heard of it, and that they are reaped, comes a moment later.
    await until(() => (agent.exitCode ?? agent.signalCode) !== null, 'the end of the agent')
    await until(() => !look.runs(pid!) && !look.runs(supervisor), 'the end of process and supervisor')
    expect(existsSync(look.folder(1))).toBe(true)
    writeFileSync(join(look.folder(1), 'trace'), '')
    await hardStop(dataDir, silent)
    const next = await startManagedAgent(manager, { cleanStart: true }, dataDir)
    await manager.see(1, (report) => report.pid !== undefined && report.pid !== pid)
    expect(existsSync(join(next.folder(1), 'trace'))).toBe(false)
    await until(() => manager.process(2)?.state === 'EXITED', 'the command')
    expect(readFileSync(join(dataDir, 'marks'), 'utf8')).toBe('x\n')
  })
})

describe('a process that', () => {
  it('ignores SIGTERM is killed after its time, with all that it started', async () => {
    const one = await supervise()
    await one.start(1, 'sh', [
      '-c',
      'trap "" TERM; (trap "" TERM; while :; do sleep 0.1; done) & echo $!; while :; do sleep 0.1; done',
    ])
    const { pid } = await one.see(1, ({ state }) => state === 'RUNNING')
    await until(() => one.log(1) !== '', 'its child')
    const child = Number(one.log(1))
    expect(one.runs(child)).toBe(true)
    await one.client.ask({ op: 'stop', id: 1 })
    const status = await one.see(1, ({ state }) => state === 'STOPPED')
    expect(status).toMatchObject({ exit: { signal: 'SIGKILL' }, problem: { code: 'KILLED' } })
    expect([one.runs(pid!), one.runs(child)]).toEqual([false, false])
  })

  it('forks away is told to stay in the foreground, and leaves nothing behind', async () => {
    const one = await supervise()
    const forks = 'setsid sh -c "setsid sleep 1001 & echo \\$!; exec sleep 1002" &'
    const waits = 'until [ -s logs/stdout.log ]; do sleep 0.05; done; exit 0'
    await one.start(1, 'sh', ['-c', `${forks} ${waits}`], { startSeconds: 60 })
    const status = await one.see(1, ({ state }) => state === 'FATAL')
    expect(status.problem).toMatchObject({ code: 'FORKED_AWAY' })
    expect(status.problem!.message).toContain('foreground')
    expect(Number(one.log(1))).toBeGreaterThan(0)
    await until(() => !one.runs(Number(one.log(1))), 'the end of what it left')
  })

  it('leaves children when it ends: they are gone before it is started again', async () => {
    const one = await supervise()
    await one.start(1, 'sh', [
      '-c',
      'sleep 1003 & echo $!; [ -e lived ] && wait; touch lived; sleep 1.2; exit 1',
    ])
    await one.see(1, ({ restarts, pid }) => restarts === 1 && pid !== undefined)
    await until(() => one.log(1).split('\n').length > 2, 'its second life')
    const [first, second] = one.log(1).split('\n').map(Number)
    expect([one.runs(first!), one.runs(second!)]).toEqual([false, true])
  })

  it('ends at once is tried again, a little later each time, and then given up', async () => {
    const one = await supervise()
    await one.start(1, 'sh', ['-c', 'echo no >&2; exit 9'], { startSeconds: 60 })
    const status = await one.see(1, ({ state }) => state === 'FATAL')
    expect(status).toMatchObject({
      exit: { code: 9 },
      restarts: 1,
      unexpectedExits: 2,
      // What it said itself is mostly why.
      problem: {
        code: 'TOO_MANY_EXITS',
        message: expect.stringMatching(/with code 9: see .*stderr.log.*: no$/),
      },
    })
    expect(one.log(1, 'stderr.log')).toBe('no\nno\n')
    expect(one.history.map(({ state }) => state).filter((state, i, all) => state !== all[i - 1])).toEqual([
      'STARTING',
      'BACKOFF',
      'STARTING',
      'FATAL',
    ])
  })

  it('cannot be executed says why', async () => {
    const one = await supervise()
    const file = (id: number, name: string, content: string, mode: number) => {
      const path = join(one.launch(id, 'x').folder, name)
      writeFileSync(path, content)
      chmodSync(path, mode)
    }
    file(2, 'plain', '#!/bin/sh\n', 0o644)
    file(3, 'wrong', '#!/no/such/interpreter\n', 0o755)
    file(4, 'binary', '\x7fELF nonsense', 0o755)
    const why = async (id: number, program: string) => {
      await one.start(id, program, [], { startSeconds: 60 })
      return (await one.see(id, ({ state }) => state === 'FATAL')).problem!
    }
    expect(await why(1, '/no/such/program')).toEqual({
      code: 'CANNOT_EXECUTE',
      message: '/no/such/program: there is no such file',
    })
    expect((await why(2, './plain')).message).toContain('not executable')
    expect((await why(3, './wrong')).message).toContain('/no/such/interpreter')
    expect((await why(4, './binary')).code).toMatch(/CANNOT_EXECUTE|TOO_MANY_EXITS/)
    expect((await why(5, 'no-such-command-anywhere')).message).toContain('PATH')
    expect((await why(6, '/')).message).toContain('not a file')
  })

  it('fills its log has the end of it kept, within bounds', async () => {
    const one = await supervise()
    await one.start(1, 'sh', [
      '-c',
      // Again and again, as what is written in the very moment of a cut is lost.
      'i=0; while [ $i -lt 60000 ]; do echo "line $i"; i=$((i+1)); done; while :; do echo last; sleep 0.1; done',
    ])
    await until(() => existsSync(join(one.folder(1), 'logs/stdout.log.1')), 'an older file')
    await until(
      () => one.log(1).endsWith('last\n') || one.log(1, 'stdout.log.1').endsWith('last\n'),
      'the last line',
    )
    const sizes = () =>
      readdirSync(join(one.folder(1), 'logs')).map((name) => statSync(join(one.folder(1), 'logs', name)).size)
    await until(() => sizes().every((size) => size <= 65_536), 'files within bounds')
  })

  it('writes while its log is cut leaves no older file over the bound', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'logs'))
    const account = { uid: process.getuid!(), gid: process.getgid!(), groups: [] }
    const logs = openLogs(folder, account, { maxBytes: 65_536, backups: 2 })
    onTestFinished(() => logs.close())
    const writer = spawn('yes', ['a line that goes on and on'], { stdio: ['ignore', logs.stdout, 'ignore'] })
    onTestFinished(() => void writer.kill('SIGKILL'))
    const older = ['stdout.log.1', 'stdout.log.2'].map((name) => join(folder, 'logs', name))
    for (let cuts = 0; cuts < 30; ) {
      if (logs.bound() > 65_536) cuts++
      for (const path of older) if (existsSync(path)) expect(statSync(path).size).toBeLessThanOrEqual(65_536)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(older.every((path) => existsSync(path))).toBe(true)
  })

  it.skipIf(!isRoot)(
    'cannot be noted on a disk that fills up, keeps the note of before (a real tmpfs; needs root)',
    () => {
      const folder = temporaryFolder()
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]).status).toBe(0)
      onTestFinished(() => void spawnSync('umount', ['-l', folder]))
      const records = openRecords(folder)
      const status = { id: 1, name: 'one', run: 'keep', state: 'RUNNING', since: 0 } as Status
      const launch = { id: 1, folder: '/f', program: 'p', args: [] as string[] } as unknown as Launch
      const record = { cookie: 'c', bootId: 'b', launch, status, quickExits: 0, crashes: [] }
      records.save(record)
      const larger = { ...record, launch: { ...launch, args: ['x'.repeat(100_000)] } }
      expect(() => records.save(larger)).toThrow('ENOSPC')
      expect(records.load()).toMatchObject({ records: [record], bad: [] })
    },
  )

  it('puts a link where its log should be does not have others written to', async () => {
    const one = await supervise()
    const launch = one.launch(1, 'sh', ['-c', 'echo written'], { run: 'once' })
    const victim = join(one.dataDir, 'victim')
    writeFileSync(victim, 'untouched')
    symlinkSync(victim, join(launch.folder, 'logs/stdout.log'))
    await one.client.ask({ op: 'start', launch })
    expect((await one.see(1, ({ state }) => state === 'EXITED')).problem).toMatchObject({
      code: 'CANNOT_LOG',
    })
    expect(readFileSync(victim, 'utf8')).toBe('untouched')
  })

  it('is not signalled when its id has gone to another', async () => {
    const one = await supervise()
    await one.start(1, 'sleep', ['1000'])
    await one.see(1, ({ state }) => state === 'RUNNING')
    process.kill(one.client.hello.pid, 'SIGKILL')
    await one.client.closed
    const stranger = spawn('sleep', ['1004'], { detached: true, stdio: 'ignore' })
    onTestFinished(() => void stranger.kill('SIGKILL'))
    const { pid } = stranger
    // As if the host's process ids had gone round in the meantime.
    const path = join(one.dataDir, 'supervisor/processes/1.json')
    const record = JSON.parse(readFileSync(path, 'utf8'))
    const ours = record.status.pid
    record.status.pid = pid
    writeFileSync(path, JSON.stringify(record))
    const next = await supervise(one.dataDir)
    await next.see(1, ({ pid: now }) => now !== undefined && now !== pid)
    await next.client.ask({ op: 'stop', id: 1 })
    await next.see(1, ({ state }) => state === 'STOPPED')
    expect([one.runs(pid!), one.runs(ours)]).toEqual([true, false])
  })

  it('was interrupted by a restart of the host is new to the agent if it is to run, and not run again if it was a command', async () => {
    const one = await supervise()
    await one.start(1, 'sleep', ['1000'])
    await one.start(2, 'sh', ['-c', 'echo x >> ../../marks; exec sleep 1000'], { run: 'once' })
    const { pid } = await one.see(1, ({ state }) => state === 'RUNNING')
    await until(() => existsSync(join(one.dataDir, 'marks')), 'the command')
    const command = one.latest.get(2)!.pid!
    process.kill(one.client.hello.pid, 'SIGKILL')
    await one.client.closed
    for (const id of [pid!, command]) process.kill(id, 'SIGKILL')
    for (const id of [1, 2]) {
      const path = join(one.dataDir, `supervisor/processes/${id}.json`)
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), bootId: 'before' }))
    }
    const next = await supervise(one.dataDir)
    await next.see(2, ({ state }) => state === 'EXITED')
    expect(next.latest.get(2)!.problem).toMatchObject({ code: 'INTERRUPTED' })
    expect(next.latest.has(1)).toBe(false)
    expect(readFileSync(join(one.dataDir, 'marks'), 'utf8')).toBe('x\n')
  })

  it('has the limits that it is to have', async () => {
    const one = await supervise()
    const limits = { rlimits: { nofile: { soft: 123, hard: 456 }, core: 0 }, cpuWeight: 50 }
    await one.start(1, 'sh', ['-c', 'ulimit -Sn; ulimit -Hn; ulimit -c'], { run: 'once', limits })
    const status = await one.see(1, ({ state, exit }) => state === 'EXITED' && exit !== undefined)
    expect(one.log(1)).toBe('123\n456\n0\n')
    // Where the cgroup controller can be had there is no problem.
    expect([undefined, 'LIMITS_NOT_SET']).toContain(status.problem?.code)
  })

  it.skipIf(!isRoot)('may not enter its folder is told so (needs root)', async () => {
    const one = await supervise()
    chmodSync(one.dataDir, 0o700)
    await one.start(1, 'sleep', ['1000'], { user: 'nobody' })
    expect((await one.see(1, ({ state }) => state === 'FATAL')).problem).toMatchObject({
      code: 'CLOSED_FOLDER',
    })
  })

  it.skipIf(!isRoot)(
    'is to run as another user, when the supervisor is not root: it is told so (needs root to become another)',
    async () => {
      const dataDir = dataFolder()
      const script = `
      process.setgid('nogroup'); process.setuid('nobody')
      const { accountOf } = await import(process.argv[1])
      console.log(JSON.stringify([await accountOf('root', undefined), await accountOf('nobody', undefined)]))`
      const module = new URL('../../dist-modules/agent/supervisor/account.js', import.meta.url).pathname
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, module], {
        cwd: dataDir,
        encoding: 'utf8',
      })
      expect(stderr).toBe('')
      const [root, nobody] = JSON.parse(stdout)
      expect(root).toMatchObject({
        code: 'CANNOT_SWITCH_USER',
        message: expect.stringContaining('run the agent as root'),
      })
      expect(nobody.switch).toBeUndefined()
    },
  )
})

describe('the supervisor', () => {
  it('is reachable by its own user only, and survives what is no message', async () => {
    const one = await supervise()
    const socket = join(one.dataDir, 'supervisor/control.sock')
    expect(one.mode(socket)).toBe(0o600)
    for (const bytes of [
      Buffer.from([255, 255, 255, 255]),
      Buffer.from('\x02\0\0\0{]'),
      encodeFrame({ n: 1, op: 'nonsense' }),
      encodeFrame(null),
      encodeFrame({ n: 2, op: 'start' }),
    ]) {
      const stranger = connect(socket)
      stranger.on('error', () => {})
      stranger.write(bytes)
      await delay(50)
      stranger.destroy()
    }
    expect(await one.client.ask({ op: 'stop', id: 99 })).toMatchObject({ code: 'NOT_KNOWN' })
  })

  it('works in a folder whose path is too long for a socket', async () => {
    const dataDir = join(dataFolder(), 'd'.repeat(120))
    mkdirSync(dataDir)
    const one = await supervise(dataDir)
    await one.start(1, 'sleep', ['1000'])
    await one.see(1, ({ state }) => state === 'RUNNING')
    await one.client.ask({ op: 'end', hard: true })
    await one.client.closed
    expect(
      await connectSupervisor(join(dataDir, 'supervisor'), { hello() {}, status() {}, gone() {} }),
    ).toBeUndefined()
  })

  it('reads frames however they are cut', () => {
    const got: unknown[] = []
    const read = createFrameReader((message) => got.push(message))
    const bytes = Buffer.concat([encodeFrame({ a: 1 }), encodeFrame({ b: 'ü'.repeat(100) }), encodeFrame([])])
    for (const byte of bytes) read(Buffer.from([byte]))
    read(bytes)
    expect(got).toEqual([{ a: 1 }, { b: 'ü'.repeat(100) }, [], { a: 1 }, { b: 'ü'.repeat(100) }, []])
  })

  it('decides on restarts by how long and how often a process ran', () => {
    const launch = { autoRestart: true, startRetries: 2 }
    const early = (quickExits: number) => decide(launch, true, { quickExits, crashes: [] })
    expect([1, 2, 3].map(early)).toEqual([
      { kind: 'restart', delayMs: 1000 },
      { kind: 'restart', delayMs: 2000 },
      { kind: 'give-up' },
    ])
    const crash = (n: number) => decide(launch, false, { quickExits: 0, crashes: Array(n).fill(0) })
    expect([1, 2, 3, 20].map((n) => crash(n))).toEqual(
      [0, 1000, 2000, 60_000].map((delayMs) => ({ kind: 'restart', delayMs })),
    )
    expect(decide({ ...launch, autoRestart: false }, false, { quickExits: 0, crashes: [0] })).toEqual({
      kind: 'leave',
    })
  })

  it.skipIf(cgroup2 === undefined)(
    'puts each process in a cgroup of its own, and removes it (needs a cgroup v2 that can be written)',
    async () => {
      const one = await supervise()
      await one.start(1, 'sh', ['-c', 'env -i setsid sleep 1005 & sleep 1000'])
      const { pid, cgroup } = await one.see(1, ({ state }) => state === 'RUNNING')
      expect(readFileSync(`/proc/${pid}/cgroup`, 'utf8')).toMatch(/^0::.*\/1-test1-SERVER$/m)
      const members = () => readFileSync(`${cgroup}/cgroup.procs`, 'utf8').trim().split('\n')
      await until(() => members().length === 3, 'its children')
      await one.client.ask({ op: 'stop', id: 1 })
      await one.see(1, ({ state }) => state === 'STOPPED')
      // The kernel may still count a killed one for a moment.
      await until(() => !existsSync(cgroup!), 'its cgroup removed')
      await one.client.ask({ op: 'end', hard: true })
      await one.client.closed
      expect(existsSync(dirname(cgroup!))).toBe(false)
    },
  )

  it.skipIf(cgroup2 === undefined)(
    'in a cgroup of its own (a unit with Delegate=yes) moves to a leaf, and has its processes beside it (needs a cgroup v2 that can be written)',
    async () => {
      const mount = /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(
        readFileSync('/proc/self/mountinfo', 'utf8'),
      )![1]!
      const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))![1]!
      const unit = join(mount, own, `bellwether-test-${process.pid}.service`)
      mkdirSync(unit)
      const remove = () => {
        for (const name of readdirSync(unit, { withFileTypes: true }))
          if (name.isDirectory()) rmdirSync(join(unit, name.name))
        rmdirSync(unit)
      }
      onTestFinished(() =>
        until(
          () => readFileSync(`${unit}/cgroup.events`, 'utf8').includes('populated 0'),
          'an empty unit',
        ).then(remove),
      )
      const manager = await startManager()
      const dataDir = dataFolder()
      const enter = ['sh', '-c', 'echo $$ >"$0/cgroup.procs" && exec "$@"', unit]
      const agent = await spawnAgent(dataDir, manager, {}, enter)
      manager.want(state([wanted(1, 'sleep', ['1000'])]))
      const { pid } = await manager.see(1, ({ state }) => state === 'RUNNING')
      const cgroupOf = (one: number) =>
        readFileSync(`/proc/${one}/cgroup`, 'utf8').split('.service/')[1]?.trim() ?? ''
      const ofIts = /^bellwether-[0-9a-f]{16}\/1-test1-SERVER$/
      await until(() => ofIts.test(cgroupOf(pid!)), 'the process in a cgroup of its own')
      expect(cgroupOf(agent.pid!)).toBe('bellwether-agent')
      expect(cgroupOf(lookInto(dataDir).supervisorPid()!)).toBe('bellwether-agent')
      await hardStop(dataDir, silent)
    },
  )

  it('removes a cgroup that is not empty at once as soon as it is, unless it has been made anew', async () => {
    const root = temporaryFolder()
    const cgroups = cgroupsBelow(join(root, 'agent'))
    const busy = [1, 2].map((id) => {
      const { folder } = cgroups.make(`${id}-a-B`, undefined)
      mkdirSync(join(folder, 'dying'))
      cgroups.remove(folder)
      return folder
    })
    expect(cgroups.make('2-a-B', undefined).folder).toBe(busy[1])
    for (const folder of busy) rmdirSync(join(folder, 'dying'))
    await until(() => !existsSync(busy[0]!), 'the first removed')
    expect(existsSync(busy[1]!)).toBe(true)
    await cgroups.close()
    expect(existsSync(join(root, 'agent'))).toBe(false)
  })

  it('sets cgroup limits where the controllers are, and names those that it cannot set', () => {
    const root = temporaryFolder()
    const cgroups = cgroupsBelow(join(root, 'agent'))
    const folder = join(root, 'agent/1-a-B')
    mkdirSync(folder)
    for (const file of ['cpu.weight', 'memory.max']) writeFileSync(join(folder, file), '')
    const made = cgroups.make('1-a-B', { cpuWeight: 50, memoryMax: 1e9, memoryHigh: 1e8, ioWeight: 10 })
    expect(made).toEqual({ folder, refused: ['ioWeight', 'memoryHigh'] })
    expect(readFileSync(join(folder, 'cpu.weight'), 'utf8')).toBe('50')
    expect(readFileSync(join(folder, 'memory.max'), 'utf8')).toBe('1000000000')
  })
})

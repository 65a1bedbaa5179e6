import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { type Logger, pino } from 'pino'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { createAssembler, type LogRecord } from '../../src/agent/logs/assemble.js'
import { parseHeader } from '../../src/agent/logs/header.js'
import { startLogEvents } from '../../src/agent/logs/index.js'
import { openPositions } from '../../src/agent/logs/positions.js'
import { createLogFilter } from '../../src/agent/logs/rules.js'
import { createLogWatcher, type LogSource, type LogWatcher } from '../../src/agent/logs/watcher.js'
import { type EventRecord, readEvents } from '../../src/wire/event.js'
import { DEFAULT_LOG_RULES, type LogRule, parseLogRules } from '../../src/wire/log-rules.js'
import { cpuMs } from '../cpu-time.js'
import { eventually } from '../integration/program.js'

const silent: Logger = pino({ level: 'silent' })
const folders: string[] = []
const watchers: LogWatcher[] = []
afterEach(async () => {
  for (const watcher of watchers.splice(0)) await watcher.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-logs-'))
  folders.push(folder)
  return folder
}

const NOW = new Date(2026, 10, 20, 3, 0, 10).getTime()
const local = (...parts: [number, number, number]) => new Date(2026, 10, 20, ...parts).getTime()

describe('the first line of a record', () => {
  test.each([
    [
      '2026-11-20 03:00:00,123 WARN org.apache.hadoop.hdfs.DataNode: Slow BlockReceiver: took 312ms',
      [local(3, 0, 0) + 123, 'WARN', 'org.apache.hadoop.hdfs.DataNode', 'Slow BlockReceiver: took 312ms'],
    ],
    [
      '2026-11-20 03:00:00,123 [myid:1] - INFO  [main:QuorumPeer@1234] - LEADING - took 3 ms',
      [local(3, 0, 0) + 123, 'INFO', '', 'LEADING - took 3 ms'],
    ],
    [
      '03:00:01.500 [main] ERROR c.e.App - it: failed',
      [local(3, 0, 1) + 500, 'ERROR', 'c.e.App', 'it: failed'],
    ],
    [
      '2026-11-20T02:00:00.5+01:00 FATAL a.B: gone',
      [Date.UTC(2026, 10, 20, 1) + 500, 'FATAL', 'a.B', 'gone'],
    ],
    [
      '[2026-11-20 03:00:00,123] INFO [Broker id=1] started (kafka.Server)',
      [local(3, 0, 0) + 123, 'INFO', '', '[Broker id=1] started (kafka.Server)'],
    ],
    ['26/11/20 03:00:00 WARN util.Loader: no native', [local(3, 0, 0), 'WARN', 'util.Loader', 'no native']],
    ['WARN  2026-11-20 03:00:00,000 a.B - x', [local(3, 0, 0), 'WARN', 'a.B', 'x']],
    [
      'E1120 03:00:00.123456  4242 coordinator.cc:77] Fragment: lost',
      [local(3, 0, 0) + 123, 'ERROR', 'coordinator.cc:77', 'Fragment: lost'],
    ],
  ])('%s', (line, [time, level, source, message]) => {
    if (level === 'INFO' && source === '' && line.startsWith('[')) {
      expect(parseHeader(line, NOW)).toMatchObject({ time, level })
      return
    }
    expect(parseHeader(line, NOW)).toEqual({ time, level, source, message })
  })

  test.each([
    '	at a.B.c(B.java:1)',
    'Caused by: java.io.IOException: x',
    'java.lang.Error',
    '',
    '2026-11-20 no level here',
    '12 ERROR',
    'WARNING: x',
  ])('is not: %s', (line) => {
    expect(parseHeader(line, NOW)).toBeUndefined()
  })

  test('with a time that cannot be is of now', () => {
    expect(parseHeader('2031-01-01 00:00:00,000 WARN a: x', NOW)?.time).toBe(NOW)
    expect(parseHeader('2001-01-01 00:00:00,000 WARN a: x', NOW)?.time).toBe(NOW)
  })

  test('is told from any text without an error, in little time', () => {
    const began = cpuMs()
    parseHeader(`2026-11-20 03:00:00 WARN ${'a '.repeat(8_000)}`, NOW)
    parseHeader(`2026-11-20 03:00:00 WARN ${'['.repeat(16_000)}`, NOW)
    parseHeader(`E1120 03:00:00.1${' '.repeat(16_000)}`, NOW)
    expect(cpuMs() - began).toBeLessThan(1_000)
    fc.assert(
      fc.property(
        fc.string(),
        fc.constantFrom('', '2026-11-20 03:00:00 WARN ', '[', 'E1120 '),
        (text, start) => {
          const header = parseHeader(start + text, NOW)
          if (header) expect(Number.isFinite(header.time)).toBe(true)
        },
      ),
    )
  })
})

describe('a record', () => {
  const all = () =>
    createAssembler(
      () => true,
      () => NOW,
    )

  test('is all lines up to the next first line', () => {
    const assembler = all()
    expect(assembler.line('at the end of an earlier record', 0)).toBeUndefined()
    expect(assembler.line('2026-11-20 03:00:00,000 ERROR a.B: it failed', 10)).toBeUndefined()
    for (const line of [
      'java.io.IOException: disk',
      '\tat a.B.c(B.java:1)',
      'Caused by: a.b.DeepException',
      '\t... 3 more',
    ])
      expect(assembler.line(line, 20)).toBeUndefined()
    expect(assembler.pendingOffset).toBe(10)
    const record = assembler.line('2026-11-20 03:00:01,000 INFO a.B: next', 90)
    expect(record).toMatchObject({
      message: 'it failed',
      offset: 10,
      more: 'java.io.IOException: disk\n\tat a.B.c(B.java:1)\nCaused by: a.b.DeepException\n\t... 3 more',
      exceptions: ['java.io.IOException', 'a.b.DeepException'],
    })
    expect(assembler.flush()?.message).toBe('next')
    expect(assembler.flush()).toBeUndefined()
  })

  test('without an end is bounded', () => {
    const assembler = all()
    assembler.line(`2026-11-20 03:00:00,000 ERROR a.B: ${'x'.repeat(100_000)}`, 0)
    for (let i = 0; i < 10_000; i++) assembler.line('y'.repeat(1_000), i)
    const record = assembler.flush()!
    expect(record.message.length + record.more.length).toBeLessThan(20_000)
  })
})

describe('the rules', () => {
  const record = (level: LogRecord['level'], message: string, exceptions: string[] = []): LogRecord => ({
    ...{ time: NOW, source: '', offset: 0, more: '' },
    ...{ level, message, exceptions },
  })
  const filterOf = (rules: Partial<LogRule>[], now = () => NOW) =>
    createLogFilter(parseLogRules(rules), { steps: 1_000_000 }, silent, now)

  test('are read as Cloudera writes them, and mistakes have a place', () => {
    const text =
      '{"version":"0","rules":[{"alert":false,"rate":"1","periodminutes":1,"threshold":"warn"},{"rate":-1,"content":".*x.*","alert":"true"}]}'
    expect(parseLogRules(text)).toEqual([
      { alert: false, rate: 1, periodminutes: 1, threshold: 'WARN' },
      { alert: true, rate: -1, periodminutes: 1, content: '.*x.*' },
    ])
    expect(() => parseLogRules('[{"threshold":"WARN"}]')).toThrow('rules[0].rate must be a number of events')
    expect(() => parseLogRules('[{"rate":1},{"rate":1,"threshold":"LOUD"}]')).toThrow('rules[1].threshold')
    expect(() => parseLogRules('{')).toThrow('JSON')
  })

  test('are asked in their order, and the first that matches decides', () => {
    const filter = filterOf([
      { rate: 0, content: '.*deprecated.*' },
      { rate: -1, threshold: 'FATAL', alert: true },
      { rate: -1, exceptiontype: '.*IOException' },
      { rate: -1, threshold: 'ERROR', content: 'Lost .*' },
    ])
    expect(filter.judge(record('FATAL', 'this is deprecated'))).toBeUndefined()
    expect(filter.judge(record('FATAL', 'gone'))).toEqual({ alert: true, leftOut: 0 })
    expect(filter.judge(record('INFO', 'x', ['a.B', 'java.io.IOException']))).toEqual({
      alert: false,
      leftOut: 0,
    })
    expect(filter.judge(record('ERROR', 'Lost a block'))).toBeDefined()
    expect(filter.judge(record('ERROR', 'We Lost a block'))).toBeUndefined()
    expect(filter.judge(record('WARN', 'Lost a block'))).toBeUndefined()
  })

  test('let through so many of a period, and say how many they left out', () => {
    let now = NOW
    const filter = filterOf([{ rate: 2, periodminutes: 2, threshold: 'WARN' }], () => now)
    const judged = () => filter.judge(record('ERROR', 'again'))
    expect([judged(), judged(), judged(), judged()].map(Boolean)).toEqual([true, true, false, false])
    now += 119_000
    expect(judged()).toBeUndefined()
    now += 1_000
    expect(judged()).toEqual({ alert: false, leftOut: 3 })
  })

  test('with a pattern that explodes cost little, and do not keep the others from matching', () => {
    const filter = filterOf([
      { rate: -1, content: '(a+)+(b+)*\\1c' },
      { rate: -1, threshold: 'WARN' },
    ])
    const began = cpuMs()
    for (let i = 0; i < 20; i++) expect(filter.judge(record('WARN', 'a'.repeat(3_000)))).toBeDefined()
    expect(cpuMs() - began).toBeLessThan(5_000)
  })

  test('with a pattern that is none match nothing', () => {
    expect(filterOf([{ rate: -1, content: '(' }]).judge(record('FATAL', '('))).toBeUndefined()
  })
})

describe('following logs', () => {
  let clock = Date.now()
  const iso = () => {
    const at = new Date(clock)
    const two = (n: number) => String(n).padStart(2, '0')
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())},000`
  }
  const line = (message: string, level = 'ERROR') => `${iso()} ${level} org.example.Role: ${message}\n`

  async function bed(rules: LogRule[] = parseLogRules([{ rate: -1, threshold: 'WARN' }])) {
    clock = Date.now()
    const folder = temporaryFolder()
    const logs = join(folder, 'logs')
    mkdirSync(logs)
    const file = join(logs, 'role.log')
    const events: EventRecord[] = []
    let sources: LogSource[] = [
      {
        name: 'zk-1',
        attributes: {
          roleType: 'SERVER',
          serviceName: 'zk',
          hostname: 'n1',
          hostId: 'h1',
          clusterName: 'c1',
        },
        folders: [logs],
        rules,
      },
    ]
    const open = async () =>
      createLogWatcher({
        sources: () => sources,
        positions: await openPositions(join(folder, 'positions.json'), silent),
        emit: async (more) => void events.push(...more),
        logger: silent,
        now: () => clock,
        lookEvery: 1,
      })
    let watcher = await open()
    watchers.push(watcher)
    return {
      logs,
      file,
      events,
      messages: () => events.map(({ content }) => content),
      write: (text: string, to = file) => appendFileSync(to, text),
      /** A round, and another when what it read is complete. */
      async read() {
        await watcher.round()
        clock += 2_000
        await watcher.round()
      },
      round: () => watcher.round(),
      async restart(kill = false) {
        if (!kill) await watcher.close()
        watcher = await open()
        watchers.push(watcher)
      },
      use(more: Partial<LogSource>) {
        sources = [{ ...sources[0]!, ...more }]
      },
      none() {
        sources = []
      },
      stats: () => watcher.stats(),
    }
  }

  test('makes events with what they are of, that the monitor takes', async () => {
    const { write, read, events } = await bed()
    write(
      `${line('started', 'INFO')}${line('disk is gone')}java.io.IOException: gone\n\tat a.B.c(B.java:7)\n`,
    )
    await read()
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject({
      category: 'LOG_EVENT',
      severity: 'CRITICAL',
      alert: false,
      content: 'disk is gone',
      attributes: {
        CLUSTER: ['c1'],
        SERVICE: ['zk'],
        ROLE: ['zk-1'],
        HOSTS: ['n1'],
        HOST_IDS: ['h1'],
        LOG_LEVEL: ['ERROR'],
        LOG_SOURCE: ['org.example.Role'],
        EXCEPTION_TYPES: ['java.io.IOException'],
        STACKTRACE: ['java.io.IOException: gone\n\tat a.B.c(B.java:7)'],
      },
    })
    const sent = JSON.parse(JSON.stringify({ events }))
    expect(readEvents(sent, Date.now())).toEqual({ events, problems: [] })
  })

  test('a record that is written in pieces is one event', async () => {
    const { write, round, read, messages, events } = await bed()
    await round()
    const whole = line('in pieces')
    write(whole.slice(0, 30))
    await round()
    write(`${whole.slice(30)}java.lang.Err`)
    await round()
    write('or\n\tat x\n')
    await read()
    expect(messages()).toEqual(['in pieces'])
    expect(events[0]!.attributes.EXCEPTION_TYPES).toEqual(['java.lang.Error'])
  })

  test('goes on in the next file after a rotation, with what was written to the old one last', async () => {
    const { write, round, read, messages, file } = await bed()
    await round()
    write(line('one'))
    await round()
    write(line('two'))
    renameSync(file, `${file}.1`)
    write(line('three'))
    await read()
    await read()
    expect(messages()).toEqual(['one', 'two', 'three'])
  })

  test('begins anew when a file is cut, even if it has grown again meanwhile', async () => {
    const { write, round, read, messages, file } = await bed()
    await round()
    write(line('one') + line('two'))
    await read()
    truncateSync(file, 0)
    write(line('three'))
    await read()
    truncateSync(file, 0)
    write(line('four and a text that makes it longer than it was') + line('five'))
    await read()
    expect(messages()).toEqual([
      'one',
      'two',
      'three',
      'four and a text that makes it longer than it was',
      'five',
    ])
  })

  test('goes on after a restart where it stood, in files that were rotated meanwhile, too', async () => {
    const { write, read, messages, file, restart } = await bed()
    write(line('one'))
    await read()
    await restart()
    write(line('two'))
    renameSync(file, `${file}.1`)
    write(line('three'))
    renameSync(`${file}.1`, `${file}.2`)
    renameSync(file, `${file}.1`)
    write(line('four'))
    await read()
    await read()
    expect(messages()).toEqual(['one', 'two', 'three', 'four'])
  })

  test('after a kill nothing is missed, and what comes twice has the same id', async () => {
    const { write, read, round, events, restart, messages } = await bed()
    write(line('one'))
    await read()
    write(line('two'))
    await round()
    await restart(true)
    write('\tat late.Line\n')
    await read()
    write(line('three'))
    await restart(true)
    await read()
    const ids = new Map(events.map(({ id, content }) => [id, content]))
    expect([...ids.values()]).toEqual(['one', 'two', 'three'])
    expect(new Set(messages())).toEqual(new Set(['one', 'two', 'three']))
  })

  test('of a file that was there before tells only what is recent', async () => {
    const { write, read, messages } = await bed()
    clock -= 3_600_000
    write(line('long ago'))
    clock += 3_599_000
    write(line('just now'))
    await read()
    expect(messages()).toEqual(['just now'])
  })

  test('follows no link and opens nothing but files', async () => {
    const { logs, read, stats, events, write } = await bed()
    const secret = join(logs, '..', 'secret')
    writeFileSync(secret, line('secret'))
    symlinkSync(secret, join(logs, 'link.log'))
    mkdirSync(join(logs, 'folder.log'))
    write(line('open'))
    await read()
    expect(events.map(({ content }) => content)).toEqual(['open'])
    expect(stats().files).toBe(3)
  })

  test('a line without an end is cut, and the next one is read', async () => {
    const { write, read, messages, events } = await bed()
    await read()
    write(`${line('x'.repeat(1_000_000)).trimEnd()}`)
    await read()
    write(`${'y'.repeat(1_000_000)}\n${line('next')}`)
    await read()
    expect(messages().at(-1)).toBe('next')
    expect(events).toHaveLength(2)
  })

  test('reads the last words of a process that is gone, and then its next one', async () => {
    const { write, round, read, messages, logs, use, none } = await bed()
    await round()
    write(line('last words'))
    const next = join(logs, '..', 'next')
    mkdirSync(next)
    await round()
    use({ folders: [next] })
    appendFileSync(join(next, 'stderr.log'), line('first words'))
    await read()
    await read()
    none()
    await read()
    expect(messages()).toEqual(['last words', 'first words'])
  })

  test('a role that logs much costs a bounded part of it, and what is chosen is bounded, too', async () => {
    const { write, round, events, stats } = await bed()
    await round()
    write(line('flood').repeat(200_000))
    await round()
    expect(events.length).toBeLessThanOrEqual(1_000)
    expect(stats().leftOut).toBeGreaterThan(0)
  })

  test('the usual rules keep a flood of errors to a few events', async () => {
    const { write, read, events } = await bed([...DEFAULT_LOG_RULES])
    write(Array.from({ length: 1_000 }, (_, i) => line(`error ${i}`)).join(''))
    write(line('mapred.x is deprecated. Instead, use mapreduce.x', 'WARN'))
    await read()
    expect(events).toHaveLength(2)
    expect(events.some(({ alert }) => alert)).toBe(false)
  })

  test('events wait on the disk while the monitor is away', async () => {
    const folder = temporaryFolder()
    const logs = join(folder, 'logs')
    mkdirSync(logs)
    writeFileSync(join(logs, 'role.log'), '')
    const bodies: EventRecord[][] = []
    let status = 503
    const server = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part) => parts.push(part))
      request.on('end', () => {
        if (status === 200) bodies.push(JSON.parse(gunzipSync(Buffer.concat(parts)).toString()).events)
        response.writeHead(status, status === 503 ? { 'retry-after': '0' } : {}).end('{}')
      })
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', () => done()))
    onTestFinished(() => void server.close().closeAllConnections())
    const { port } = server.address() as { port: number }
    const start = () =>
      startLogEvents({
        dir: join(folder, 'agent'),
        sources: () => [
          {
            name: 'r',
            attributes: {},
            folders: [logs],
            rules: parseLogRules([{ rate: -1, threshold: 'WARN' }]),
          },
        ],
        target: () => ({ url: new URL(`http://127.0.0.1:${port}/events`) }),
        timeoutMs: 5_000,
        logger: silent,
        everyMs: 50,
      })
    clock = Date.now()
    const first = await start()
    appendFileSync(join(logs, 'role.log'), line('kept') + line('second'))
    await eventually('a record in the spool', () => first.status().spool.records > 0)
    await first.stop()
    status = 200
    const second = await start()
    await eventually('the event', () => bodies.flat().some(({ content }) => content === 'kept'))
    await second.stop()
  })
})

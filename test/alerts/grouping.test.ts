import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  emptyState,
  isBad,
  type Message,
  nextDue,
  type Rules,
  recordKey,
  type State,
  takeDue,
  takeEvent,
} from '../../src/alerts/core/index.js'
import { allKeys, recordOf, stateFrom } from '../../src/alerts/outbox/records.js'
import type { AlertEvent, AlertHealth } from '../../src/wire/alert.js'
import { health, note, rules } from './support.js'

/** A clock that runs the state machine as the publisher does: events at their time, messages when they are due. */
function machine(rule: Rules) {
  let state: State = emptyState()
  let now = 1_000_000
  let ids = 0
  const messages: Message[] = []
  const due = () => {
    messages.push(...takeDue(state, now, rule, () => `m${++ids}`))
  }
  return {
    messages,
    state: () => state,
    now: () => now,
    take: (event: AlertEvent) => takeEvent(state, event, now, rule),
    /** Lets time pass, stopping wherever something is due. */
    pass(ms: number) {
      const end = now + ms
      for (let steps = 0; ; steps++) {
        if (steps > 20_000) throw new Error('the state machine does not come to rest')
        const next = Math.max(now + 1, nextDue(state, now, rule) ?? Number.POSITIVE_INFINITY)
        if (next > end) break
        now = next
        due()
      }
      now = end
      due()
    },
    /** As a restart does it: everything through its records. */
    restart() {
      const records = [...allKeys(state)].map((key) => recordOf(state, key))
      state = stateFrom(new Map(records.map(([key, json]) => [key, json!]))).state
    },
    /** The clock is set. */
    set(ms: number) {
      now += ms
    },
    silence(match: Record<string, string[]>, ms: number) {
      state.silences.set('s', { id: 's', match, from: now, until: now + ms, comment: '', createdBy: '' })
      state.dirty.add(recordKey.silence('s'))
    },
  }
}

const told = (messages: Message[]) =>
  messages.map((message) => message.causes.map(({ event, state }) => `${event.entity.name} ${state}`).sort())

describe('grouping', () => {
  test('what only goes on with a trouble begins none, and is told to who knows of it', () => {
    const m = machine(rules())
    const mild = (role: string) => health(role, 'YELLOW', { begins: false })
    expect(m.take(mild('zk-1'))).toBe('unchanged')
    m.take(health('zk-2', 'RED'))
    m.pass(5_000)
    expect(m.take(mild('zk-2'))).toBe('taken')
    m.pass(60_000)
    expect(m.messages.map(({ causes }) => causes.map(({ event }) => event.entity.name))).toEqual([
      ['zk-2'],
      ['zk-2'],
    ])
  })

  test('alerts of one group within the wait go out as one message', () => {
    const m = machine(rules())
    m.take(health('a', 'RED'))
    m.pass(1_000)
    m.take(health('b', 'RED'))
    m.pass(10_000)
    expect(told(m.messages)).toEqual([['a new', 'b new']])
    expect(m.messages[0]).toMatchObject({
      receiver: 'ops',
      open: 2,
      groups: [{ cluster: 'c1', service: 'zk' }],
    })
  })

  test('a first alert waits no longer than the wait, so that it is out within seconds', () => {
    const m = machine(rules())
    m.take(health('a', 'RED'))
    m.pass(3_000)
    expect(m.messages).toHaveLength(1)
  })

  test('nothing is sent again when the same trouble is reported again', () => {
    const m = machine(rules())
    m.take(health('a', 'RED'))
    m.pass(10_000)
    for (let i = 0; i < 100; i++) {
      expect(m.take(health('a', 'RED'))).toBe('unchanged')
      m.pass(10_000)
    }
    expect(m.messages).toHaveLength(1)
  })

  test('the same event sent twice counts once', () => {
    const m = machine(rules())
    const event = health('a', 'RED')
    expect(m.take(event)).toBe('taken')
    expect(m.take(event)).toBe('duplicate')
  })

  test('what goes on is told again after the repeat interval, once', () => {
    const m = machine(rules({ repeatMs: 3_600_000 }))
    m.take(health('a', 'RED'))
    m.pass(3_600_000 * 2.5)
    expect(told(m.messages)).toEqual([['a new'], ['a still'], ['a still']])
    expect(m.messages.map(({ kind }) => kind)).toEqual(['alert', 'reminder', 'reminder'])
  })

  test('a recovery is told to who was told of the trouble, whatever its own severity', () => {
    const rule = rules({}, ['ops'])
    rule.routes = [{ match: { severity: ['CRITICAL'] }, receivers: ['ops'], continue: false }]
    rule.defaultReceivers = []
    const m = machine(rule)
    m.take(health('a', 'RED'))
    m.pass(10_000)
    m.take(health('a', 'GREEN'))
    m.pass(60_000)
    expect(told(m.messages)).toEqual([['a new'], ['a recovered']])
    expect(m.messages[1]!.open).toBe(0)
  })

  test('a trouble that passes within the wait is not told, and neither is its end', () => {
    const m = machine(rules())
    m.take(health('a', 'RED'))
    m.pass(1_000)
    m.take(health('a', 'GREEN'))
    m.pass(100_000)
    expect(m.messages).toEqual([])
  })

  test('a trouble that passes while the pace of its group holds it back is told as a whole', () => {
    const m = machine(rules({ longestIntervalMs: 300_000 }))
    for (let i = 0; i < 20; i++) {
      m.take(health(`x${i}`, 'RED'))
      m.pass(15_000)
    }
    m.pass(20_000)
    m.messages.splice(0)
    m.take(health('a', 'RED'))
    m.pass(60_000)
    expect(m.messages).toEqual([])
    m.take(health('a', 'GREEN'))
    m.pass(300_000)
    const cause = m.messages.flatMap(({ causes }) => causes).find(({ event }) => event.entity.name === 'a')!
    expect(cause.state).toBe('recovered')
    expect(cause.history.map((each) => each.health)).toEqual(['RED', 'GREEN'])
  })

  test('a test that fails in addition is news, one that passes again is not', () => {
    const m = machine(rules())
    m.take(health('a', 'RED'))
    m.pass(10_000)
    const worse = health('a', 'RED')
    worse.tests.push({ name: 'SWAP', health: 'YELLOW', severity: 'IMPORTANT', sentence: '', advice: '' })
    expect(m.take(worse)).toBe('taken')
    m.pass(100_000)
    expect(m.take(health('a', 'RED'))).toBe('unchanged')
    m.pass(100_000)
    expect(told(m.messages)).toEqual([['a new'], ['a changed']])
  })

  test('an event that comes late does not undo a later one', () => {
    const m = machine(rules())
    const late = health('a', 'GREEN', { time: 5 })
    m.take(health('a', 'RED'))
    expect(m.take(late)).toBe('outdated')
    m.pass(10_000)
    expect(told(m.messages)).toEqual([['a new']])
  })

  test('a sender whose clock was ahead once is heard when it is right again', () => {
    const m = machine(rules())
    m.take(health('a', 'RED', { time: 9e12 }))
    m.pass(10_000)
    expect(m.take(health('a', 'GREEN', { time: m.now() }))).toBe('taken')
    m.pass(100_000)
    expect(told(m.messages)).toEqual([['a new'], ['a recovered']])
  })

  test('a clock that is set back by an hour holds nothing back, neither new trouble nor its end', () => {
    const m = machine(rules())
    m.take(health('zk-1', 'RED', { time: m.now() }))
    m.pass(5_000)
    m.take(health('zk-2', 'RED', { time: m.now() }))
    m.set(-3_600_000)
    expect(m.take(health('zk-1', 'GREEN', { time: m.now() }))).toBe('taken')
    m.take(health('zk-3', 'RED', { time: m.now() }))
    // The publisher looks at everything soon after each event.
    m.pass(50)
    m.pass(60_000)
    const told = m.messages.flatMap(({ causes }) =>
      causes.map(({ state, event }) => `${event.entity.name} ${state}`),
    )
    expect(told.sort()).toEqual(['zk-1 new', 'zk-1 recovered', 'zk-2 new', 'zk-3 new'])
  })

  test('the same log line is told once within the repeat interval, other lines by themselves', () => {
    const m = machine(rules())
    m.take(note('disk gone'))
    m.take(note('disk gone'))
    m.take(note('out of memory'))
    m.pass(10_000)
    m.take(note('disk gone'))
    m.pass(3_600_000)
    expect(m.messages).toHaveLength(1)
    expect(m.messages[0]!.causes.map(({ event, count }) => [event.summary, count])).toEqual([
      ['disk gone', 2],
      ['out of memory', 1],
    ])
    m.pass(4 * 3_600_000)
    m.take(note('disk gone'))
    m.pass(10_000)
    expect(m.messages).toHaveLength(2)
  })

  test('a suppressed alert is not told', () => {
    const m = machine(rules())
    expect(m.take(health('a', 'RED', { suppressed: true }))).toBe('suppressed')
    m.pass(100_000)
    expect(m.messages).toEqual([])
  })

  test('an alert that no route matches goes to the default receivers; without any it is counted', () => {
    const rule = rules({}, ['ops', 'db'])
    rule.routes = [{ match: { service: ['hdfs*'] }, receivers: ['db'], continue: false }]
    rule.defaultReceivers = ['ops']
    const m = machine(rule)
    m.take(health('a', 'RED'))
    m.take(health('n', 'RED', { entity: { service: 'hdfs-2' } as AlertEvent['entity'] }))
    m.pass(10_000)
    expect(m.messages.map(({ receiver }) => receiver).sort()).toEqual(['db', 'ops'])
    rule.defaultReceivers = []
    expect(m.take(health('b', 'RED'))).toBe('unrouted')
  })
})

describe('storm', () => {
  const storm = (service: (i: number) => string) => {
    const m = machine(rules())
    for (let i = 0; i < 1_000; i++) {
      m.take(health(`role-${i}`, 'RED', { entity: { service: service(i) } as AlertEvent['entity'] }))
      m.pass(60)
    }
    m.pass(300_000)
    return m.messages
  }

  test.each([
    ['one service', () => 'hdfs'],
    ['100 services', (i: number) => `s${i % 100}`],
    ['1,000 services', (i: number) => `s${i}`],
  ])(
    '1,000 entities of %s going bad within a minute give 10 messages at most, all causes in them',
    (_, service) => {
      const messages = storm(service)
      const causes = messages.flatMap((message) => message.causes.map(({ event }) => event.entity.name))
      expect(messages.length).toBeLessThanOrEqual(10)
      expect(causes).toHaveLength(1_000)
      expect(new Set(causes).size).toBe(1_000)
    },
  )
})

describe('flapping', () => {
  test('an entity that comes and goes is told as flapping, then only when it has settled', () => {
    const m = machine(rules())
    for (let i = 0; i < 100; i++) {
      m.take(health('a', i % 2 === 0 ? 'RED' : 'GREEN'))
      m.pass(20_000)
    }
    const during = m.messages.length
    expect(during).toBeLessThanOrEqual(8)
    expect(told(m.messages).at(-1)).toEqual(['a flapping'])
    m.pass(600_000)
    expect(told(m.messages).slice(during)).toEqual([['a recovered']])
  })

  test('one that comes and goes faster than the wait is told too', () => {
    const m = machine(rules())
    for (let i = 0; i < 20; i++) {
      m.take(health('a', i % 2 === 0 ? 'RED' : 'GREEN'))
      m.pass(1_000)
    }
    expect(told(m.messages)).toEqual([['a flapping']])
  })
})

describe('silence', () => {
  test('holds messages back until its end, and then tells what is still wrong', () => {
    const m = machine(rules())
    m.silence({ host: ['a.example.com'] }, 600_000)
    m.take(health('a', 'RED'))
    m.take(health('b', 'RED'))
    m.pass(500_000)
    expect(told(m.messages)).toEqual([['b new']])
    m.pass(200_000)
    expect(told(m.messages)).toEqual([['b new'], ['a new']])
  })

  test('nothing is told of a trouble that began and ended within it', () => {
    const m = machine(rules())
    m.silence({ cluster: ['c*'] }, 600_000)
    m.take(health('a', 'RED'))
    m.pass(300_000)
    m.take(health('a', 'GREEN'))
    m.pass(600_000)
    expect(m.messages).toEqual([])
  })
})

describe('laws', () => {
  const step = fc.record({
    role: fc.constantFrom('a', 'b', 'c'),
    service: fc.constantFrom('x', 'y'),
    health: fc.constantFrom<AlertHealth>('RED', 'YELLOW', 'GREEN', 'DISABLED'),
    pause: fc.integer({ min: 0, max: 120_000 }),
    restart: fc.boolean(),
  })
  type Step = { role: string; service: string; health: AlertHealth; pause: number; restart: boolean }
  const run = (steps: Step[], restarts: boolean) => {
    const m = machine(rules({ repeatMs: 0 }))
    let time = 1_000
    const last = new Map<string, AlertEvent>()
    for (const { role, service, health: current, pause, restart } of steps) {
      const name = `${service}-${role}`
      const event = health(name, current, {
        id: `s${time}`,
        time: time++,
        entity: { service } as AlertEvent['entity'],
      })
      last.set(name, event)
      m.take(event)
      if (restarts && restart) m.restart()
      m.pass(pause)
    }
    const before = m.messages.length
    m.pass(3_600_000)
    return { ...m, last, before }
  }

  test('in the end the receiver knows the state of every entity', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { messages, last } = run(steps, false)
        const known = new Map<string, boolean>()
        for (const { causes } of messages)
          for (const { event } of causes) known.set(event.entity.name, isBad(event))
        for (const [name, event] of last) expect(known.get(name) ?? false).toBe(isBad(event))
      }),
      { numRuns: 300 },
    )
  })

  test('a restart at any moment changes nothing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        expect(told(run(steps, true).messages)).toEqual(told(run(steps, false).messages))
      }),
      { numRuns: 200 },
    )
  })

  test('at rest nothing more is sent, and two messages never say the same of an entity', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const m = run(steps, false)
        const count = m.messages.length
        m.pass(86_400_000)
        expect(m.messages.length).toBe(count)
        const said = new Map<string, string>()
        for (const { causes } of m.messages)
          for (const { event, state, history } of causes) {
            // What came and went since is told as a whole.
            if (history.length > 1) said.delete(event.entity.name)
            const what = `${state === 'flapping'} ${event.health?.current}`
            expect(said.get(event.entity.name)).not.toBe(what)
            said.set(event.entity.name, what)
          }
      }),
      { numRuns: 300 },
    )
  })

  test('a receiver never gets more messages than burst and refill allow', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { messages } = run(steps, false)
        for (const [i, { at }] of messages.entries()) {
          const within = messages.slice(0, i + 1).filter((other) => other.at > at - 300_000).length
          expect(within).toBeLessThanOrEqual(3 + 300_000 / 30_000 + 1)
        }
      }),
      { numRuns: 200 },
    )
  })
})

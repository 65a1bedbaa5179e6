import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { enforce, type Message, recordKey, takeDue, takeEvent } from '../../src/alerts/core/index.js'
import { lockFolder } from '../../src/alerts/outbox/lock.js'
import { openOutbox } from '../../src/alerts/outbox/outbox.js'
import { eventually } from '../integration/program.js'
import { health, publisherWith, rules, SILENT, temporaryFolder } from './support.js'

const message = (
  id: string,
  severity: 'INFORMATIONAL' | 'CRITICAL' = 'CRITICAL',
  at = Date.now(),
): Message => ({
  id,
  receiver: 'ops',
  at,
  kind: 'alert',
  groups: [],
  causes: [{ state: 'new', event: health('a', 'RED', { severity }), since: 0, count: 1, history: [] }],
  open: 1,
})

async function withMessages(dir: string, ids: string[]) {
  const outbox = await openOutbox(dir, SILENT)
  for (const id of ids) {
    outbox.state.messages.set(id, message(id))
    outbox.state.dirty.add(recordKey.message(id))
    await outbox.commit()
  }
  return outbox
}

const idsIn = async (dir: string) => {
  const outbox = await openOutbox(dir, SILENT)
  const ids = [...outbox.state.messages.keys()]
  const { damagedBytes } = outbox.stats()
  await outbox.close()
  return { ids, damagedBytes }
}

describe('the outbox', () => {
  test('holds after a restart what was committed: groups, what was told, silences', async () => {
    const dir = temporaryFolder()
    const first = await openOutbox(dir, SILENT)
    takeEvent(first.state, health('a', 'RED'), 1_000, rules())
    expect(takeDue(first.state, 10_000, rules(), () => 'm1')).toHaveLength(1)
    takeEvent(first.state, health('b', 'RED'), 11_000, rules())
    const silence = { id: 's1', match: { host: ['x'] }, from: 0, until: 9e12, comment: 'c', createdBy: 'me' }
    first.state.silences.set('s1', silence)
    first.state.dirty.add(recordKey.silence('s1'))
    await first.commit()
    const { dirty: _, ...expected } = first.state
    await first.close()

    const second = await openOutbox(dir, SILENT)
    expect(second.state).toMatchObject(expected)
    expect(second.state.silences.get('s1')).toEqual(silence)
    await second.close()
  })

  test('a torn tail costs what was torn and nothing else', async () => {
    const dir = temporaryFolder()
    await (await withMessages(dir, ['m1', 'm2', 'm3'])).close()
    const path = join(dir, 'outbox.log')
    const content = readFileSync(path)
    for (const cut of [1, 5, 100, 500]) {
      writeFileSync(path, content.subarray(0, content.length - cut))
      const { ids, damagedBytes } = await idsIn(dir)
      expect(ids).toEqual(['m1', 'm2'])
      expect(damagedBytes).toBeGreaterThan(0)
    }
  })

  test('rubbish at the end, or a flipped bit in the middle, is said and survived; the next writes hold', async () => {
    const dir = temporaryFolder()
    await (await withMessages(dir, ['m1', 'm2', 'm3'])).close()
    const path = join(dir, 'outbox.log')
    const content = readFileSync(path)
    content[Math.floor(content.length / 2)]! ^= 0x10
    writeFileSync(path, content)
    appendFileSync(path, Buffer.concat([Buffer.from('BWOB\xff\xff\xff\x7f', 'latin1'), Buffer.alloc(300, 7)]))
    const lines: string[] = []
    const outbox = await openOutbox(dir, pino({}, { write: (line) => void lines.push(line) }))
    expect([...outbox.state.messages.keys()]).toEqual(['m1', 'm3'])
    expect(lines.join()).toMatch(/The outbox was damaged/)
    outbox.state.messages.set('m4', message('m4'))
    outbox.state.dirty.add(recordKey.message('m4'))
    await outbox.commit()
    await outbox.close()
    expect(await idsIn(dir)).toEqual({ ids: ['m1', 'm3', 'm4'], damagedBytes: 0 })
  })

  test('does not grow with what has been delivered', async () => {
    const dir = temporaryFolder()
    const outbox = await openOutbox(dir, SILENT)
    const big = 'x'.repeat(900)
    for (let i = 0; i < 40; i++) {
      for (let j = 0; j < 100; j++) {
        const one = message(`m${i}-${j}`)
        one.causes[0]!.event.summary = big
        outbox.state.messages.set(one.id, one)
        outbox.state.dirty.add(recordKey.message(one.id))
      }
      await outbox.commit()
      for (const id of outbox.state.messages.keys()) outbox.state.dirty.add(recordKey.message(id))
      outbox.state.messages.clear()
      await outbox.commit()
    }
    expect(statSync(join(dir, 'outbox.log')).size).toBeLessThan(4.6 * 1024 * 1024)
    await outbox.close()
    expect(existsSync(join(dir, 'outbox.log.new'))).toBe(false)
  })

  test('its file is for its owner only', async () => {
    const dir = temporaryFolder()
    await (await withMessages(dir, ['m1'])).close()
    expect(statSync(join(dir, 'outbox.log')).mode & 0o777).toBe(0o600)
  })

  test('two publishers cannot have one folder; a lock of a dead process is none', async () => {
    const dir = temporaryFolder()
    const release = await lockFolder(dir)
    await expect(lockFolder(dir)).rejects.toThrow(/in use by another alert publisher/)
    await release()
    await release()
    writeFileSync(join(dir, 'lock'), '999999999 1 not-this-boot')
    await (await lockFolder(dir))()
  })

  test('a full disk (a real one; needs root) is said, and what could not be written is written when there is room', async (context) => {
    const dir = temporaryFolder()
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', dir], { stdio: 'pipe' })
    } catch (error) {
      return context.skip(`a tmpfs cannot be mounted here: ${error}`)
    }
    try {
      await fillAndFree(dir)
    } finally {
      execFileSync('umount', ['-l', dir])
    }
  })

  async function fillAndFree(dir: string) {
    const outbox = await withMessages(dir, ['m1'])
    writeFileSync(join(dir, 'ballast'), Buffer.alloc(180 * 1024))
    for (let i = 0; i < 100; i++) {
      outbox.state.messages.set(`full-${i}`, message(`full-${i}`))
      outbox.state.dirty.add(recordKey.message(`full-${i}`))
    }
    await expect(outbox.commit()).rejects.toThrow(/ENOSPC|no space/)
    expect(outbox.stats().diskError).toMatch(/ENOSPC/)
    execFileSync('rm', [join(dir, 'ballast')])
    await outbox.commit()
    expect(outbox.stats().diskError).toBeUndefined()
    await outbox.close()
    const { ids, damagedBytes } = await idsIn(dir)
    expect(ids).toHaveLength(101)
    expect(damagedBytes).toBe(0)
  }
})

describe('bounds', () => {
  const bounds = {
    causes: 100,
    messages: 10,
    messageBytes: 1e9,
    messageAgeMs: 1_000,
    seen: 50,
    seenAgeMs: 10_000,
  }

  test('of messages that are too many the oldest informational ones go first, and the loss is told', async () => {
    const { state } = await openOutbox(temporaryFolder(), SILENT)
    const now = Date.now()
    for (let i = 0; i < 15; i++) {
      const one = message(`m${i}`, i % 2 === 0 ? 'CRITICAL' : 'INFORMATIONAL', now - 15 + i)
      state.messages.set(one.id, one)
    }
    const { messages } = enforce(state, bounds, now, () => 1)
    expect(messages.map(({ id }) => id)).toEqual(['m1', 'm3', 'm5', 'm7', 'm9'])
    expect(state.messages.size).toBe(10)
    expect(enforce(state, { ...bounds, messageBytes: 3 }, now, () => 1).messages.map(({ id }) => id)).toEqual(
      ['m11', 'm13', 'm0', 'm2', 'm4', 'm6', 'm8'],
    )
  })

  test('messages that are too old go, and are told as such', async () => {
    const { state } = await openOutbox(temporaryFolder(), SILENT)
    state.messages.set('old', message('old', 'CRITICAL', Date.now() - 2_000))
    expect(enforce(state, bounds, Date.now(), () => 1).expired.map(({ id }) => id)).toEqual(['old'])
  })

  test('no message grows old because the clock was set four days ahead', async () => {
    const publisher = await publisherWith({ type: 'webhook', url: 'http://127.0.0.1:9/' })
    await publisher.take([health('waits', 'RED', { time: Date.now() })])
    await eventually('a message', () => publisher.status().outbox.messages === 1)
    const now = Date.now
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 4 * 86_400_000)
    onTestFinished(() => void vi.restoreAllMocks())
    await publisher.take([health('new', 'RED', { time: Date.now() })])
    await eventually('another', () => publisher.status().outbox.messages === 2)
    expect(publisher.status().lost).toEqual({ full: 0, expired: 0, causes: 0 })
  })

  test('a flood of entities and events is bounded', async () => {
    const { state } = await openOutbox(temporaryFolder(), SILENT)
    let lost = 0
    for (let i = 0; i < 1_000; i++) {
      takeEvent(state, health(`r${i}`, i % 2 ? 'RED' : 'YELLOW'), i, rules())
      lost += enforce(state, bounds, i, () => 1).causes
    }
    expect(state.groupsOf.size).toBeLessThanOrEqual(100)
    expect(state.groupsOf.size + lost).toBe(1_000)
    expect(state.seen.size).toBeLessThanOrEqual(50)
  })
})

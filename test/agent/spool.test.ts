import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { decodeHeader, encodeRecord, HEADER_BYTES } from '../../src/agent/spool/record.js'
import { scanSegment } from '../../src/agent/spool/scan.js'
import type { Spool } from '../../src/agent/spool/spool.js'
import { openSpool } from '../../src/agent/spool/spool.js'
import { recordingLogger, silent, temporaryFolder } from './support.js'

const record = fc.record({
  time: fc.integer({ min: 0, max: 2e12 }),
  gzip: fc.boolean(),
  payload: fc.uint8Array({ maxLength: 200 }),
})

const defaults = { maxBytes: 1 << 20, maxAgeMs: 1e15, memoryBytes: 1 << 16, logger: silent }
const open = (dir: string, options: Partial<Parameters<typeof openSpool>[0]> = {}) =>
  openSpool({ dir, ...defaults, ...options })

const payloadOf = (n: number, bytes = 8) => {
  const payload = Buffer.alloc(bytes)
  payload.writeUInt32LE(n)
  return payload
}
const append = (spool: Spool, n: number, bytes?: number) =>
  spool.append({ time: n, gzip: false, payload: payloadOf(n, bytes) })

/** Takes all that waits; the numbers that `append` gave. */
async function drain(spool: Spool): Promise<number[]> {
  const numbers: number[] = []
  for (let item = await spool.next(); item; item = await spool.next()) {
    numbers.push(Buffer.from(item.payload).readUInt32LE())
    await spool.done(item)
  }
  return numbers
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)
const segmentsIn = (dir: string) => readdirSync(dir).filter((name) => name.endsWith('.spool'))

describe('a spool file', () => {
  it('gives back the records that were written to it', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), (records) => {
        const file = Buffer.concat(records.map(encodeRecord))
        const { waiting, end, damagedBytes } = scanSegment(file)
        expect({ end, damagedBytes }).toEqual({ end: file.length, damagedBytes: 0 })
        expect(
          waiting.map(({ offset, bytes, time, gzip }) => ({
            time,
            gzip,
            payload: new Uint8Array(file.subarray(offset + HEADER_BYTES, offset + bytes)),
          })),
        ).toEqual(records)
      }),
    )
  })

  it('cut at any point loses the record that was being written and no other', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 10 }), fc.nat(), (records, cut) => {
        const encoded = records.map(encodeRecord)
        const file = Buffer.concat(encoded)
        const length = cut % (file.length + 1)
        let [whole, end] = [0, 0]
        while (whole < encoded.length && end + encoded[whole]!.length <= length)
          end += encoded[whole++]!.length
        const scan = scanSegment(file.subarray(0, length))
        expect({ count: scan.count, end: scan.end }).toEqual({ count: whole, end })
      }),
    )
  })

  it('with a damaged byte loses the record that has it and no other', () => {
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 10 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (records, at, flip) => {
          const encoded = records.map(encodeRecord)
          const file = Buffer.concat(encoded)
          const position = at % file.length
          file[position]! ^= flip
          let [hit, end] = [0, encoded[0]!.length]
          while (end <= position) end += encoded[++hit]!.length
          const { waiting, count } = scanSegment(file)
          // The state and two spare bytes may change without harm: at worst a record counts as sent.
          const offset = position - (end - encoded[hit]!.length)
          const state = offset === 12
          if (state) expect(count).toBe(records.length)
          else expect(count).toBe(records.length - 1)
          expect(waiting.length).toBeGreaterThanOrEqual(records.length - 1)
        },
      ),
    )
  })

  it('of any bytes at all is read without failing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        const { waiting, end } = scanSegment(Buffer.from(bytes))
        expect(end).toBeLessThanOrEqual(bytes.length)
        expect(waiting.every(({ offset, bytes: size }) => offset + size <= end)).toBe(true)
        decodeHeader(Buffer.from(bytes))
      }),
    )
  })
})

describe('the spool', () => {
  it('gives records back in their order, byte for byte, whatever is sent, restarted and appended between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.constant('append'), fc.constant('send'), fc.constant('restart')), {
          maxLength: 60,
        }),
        async (steps) => {
          const dir = temporaryFolder()
          let spool = await open(dir, { maxBytes: 1 << 24 })
          const expected: number[] = []
          let n = 0
          for (const step of steps) {
            if (step === 'append') {
              await append(spool, n, 20_000)
              expected.push(n++)
            } else if (step === 'restart') {
              await spool.close()
              spool = await open(dir, { maxBytes: 1 << 24 })
            } else {
              const item = await spool.next()
              expect(item && Buffer.from(item.payload)).toEqual(
                expected.length > 0 ? payloadOf(expected[0]!, 20_000) : undefined,
              )
              if (item) await spool.done(item)
              expected.shift()
            }
          }
          expect(spool.stats().records).toBe(expected.length)
          expect(await drain(spool)).toEqual(expected)
          await spool.close()
          rmSync(dir, { recursive: true })
        },
      ),
      { numRuns: 25 },
    )
  })

  it('survives a torn write and damage, and goes on behind it', async () => {
    const dir = temporaryFolder()
    const spool = await open(dir)
    for (const n of range(0, 10)) await append(spool, n)
    // No close: as after SIGKILL.
    const path = join(dir, segmentsIn(dir)[0]!)
    const file = readFileSync(path)
    file[3 * 32 + 27]! ^= 1
    writeFileSync(path, file.subarray(0, file.length - 5))
    const again = await open(dir)
    await append(again, 10)
    expect(await drain(again)).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 10])
    expect(again.stats().damagedBytes).toBe(32 + 27)
    await again.close()
    await spool.close()
  })

  it('drops the oldest when it is full, keeps to its size, counts what it lost and says so once', async () => {
    const dir = temporaryFolder()
    const { logger, lines } = recordingLogger()
    const spool = await open(dir, { maxBytes: 1 << 20, logger })
    for (const n of range(0, 300)) await append(spool, n, 10_000)
    const { bytes, dropped, records } = spool.stats()
    expect(bytes).toBeLessThanOrEqual(1 << 20)
    expect(bytes).toBeGreaterThan(0.75 * (1 << 20))
    expect(dropped + records).toBe(300)
    expect(lines.map(({ msg }) => msg)).toEqual(['The spool is full: the oldest are dropped'])
    const onDisk = segmentsIn(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0)
    expect(onDisk).toBe(bytes)
    expect(await drain(spool)).toEqual(range(dropped, 300))
    await spool.close()
  })

  it('does not mind that a record is dropped while it is being sent', async () => {
    const spool = await open(temporaryFolder(), { maxBytes: 1 << 17 })
    await append(spool, 0, 10_000)
    const item = (await spool.next())!
    for (const n of range(1, 40)) await append(spool, n, 10_000)
    await spool.done(item)
    const left = await drain(spool)
    expect(left).toEqual(range(40 - left.length, 40))
    expect(spool.stats()).toMatchObject({ records: 0, dropped: 40 - left.length })
    await spool.close()
  })

  it('drops what is older than its age limit', async () => {
    let now = 1000
    const spool = await open(temporaryFolder(), { maxAgeMs: 500, now: () => now })
    for (const n of range(900, 1000)) await append(spool, n)
    now = 1450
    expect(await drain(spool)).toEqual(range(950, 1000))
    expect(spool.stats().expired).toBe(50)
    await spool.close()
  })

  it('that is emptied leaves an empty file and no others', async () => {
    const dir = temporaryFolder()
    const spool = await open(dir, { maxBytes: 1 << 19 })
    for (const n of range(0, 30)) await append(spool, n, 10_000)
    expect(segmentsIn(dir).length).toBeGreaterThan(3)
    await drain(spool)
    expect(segmentsIn(dir).map((name) => statSync(join(dir, name)).size)).toEqual([0])
    await append(spool, 7)
    await spool.close()
    const again = await open(dir)
    expect(await drain(again)).toEqual([7])
    await again.close()
  })

  it('keeps a refused record beside the queue, the newest ten of them, and goes on with the next', async () => {
    const dir = temporaryFolder()
    const spool = await open(dir)
    for (const n of range(0, 15)) await append(spool, n)
    for (let i = 0; i < 14; i++) await spool.reject((await spool.next())!, 'HTTP 400: no')
    expect(await drain(spool)).toEqual([14])
    const kept = readdirSync(join(dir, 'rejected')).sort()
    expect(kept).toHaveLength(20)
    expect(readFileSync(join(dir, 'rejected', kept[1]!), 'utf8')).toBe('HTTP 400: no\n')
    expect(readFileSync(join(dir, 'rejected', kept[0]!))).toEqual(payloadOf(4))
    expect(spool.stats().rejected).toBe(14)
    await spool.close()
  })
})

describe('the spool without a disk', () => {
  const root = process.getuid?.() === 0

  it.skipIf(!root)(
    'that is full (a real tmpfs; needs root) goes on in memory, says so once, and moves to disk when there is room',
    async () => {
      const dir = temporaryFolder()
      const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir])
      if (mounted.status !== 0) throw new Error(`mount: ${mounted.stderr}`)
      onTestFinished(() => void spawnSync('umount', ['-l', dir]))
      writeFileSync(join(dir, 'ballast'), Buffer.alloc(40_000))
      const { logger, lines } = recordingLogger()
      const spool = await open(join(dir, 'spool'), { logger, memoryBytes: 1 << 20 })
      for (const n of range(0, 20)) await append(spool, n, 3000)
      const full = spool.stats()
      expect(full.diskError).toMatch(/ENOSPC/)
      expect(full.memoryRecords).toBeGreaterThan(5)
      expect(full.records).toBe(20)
      expect(await spool.next()).toMatchObject({ time: 0 })

      rmSync(join(dir, 'ballast'))
      for (let i = 0; i < 5; i++) await spool.done((await spool.next())!)
      await append(spool, 20, 10)
      expect(spool.stats()).toMatchObject({ diskError: undefined, memoryRecords: 0, records: 16 })
      await spool.close()
      const again = await open(join(dir, 'spool'))
      expect(await drain(again)).toEqual(range(5, 21))
      await again.close()
      expect(lines.map(({ level }) => level)).toEqual([50, 30])
    },
  )

  it('that cannot be written at all keeps what memory may hold, drops the oldest, and uses the disk when it can', async () => {
    const dir = join(temporaryFolder(), 'spool')
    writeFileSync(dir, 'a file where the folder should be')
    const { logger, lines } = recordingLogger()
    const spool = await open(dir, { logger, memoryBytes: 10_000 })
    for (const n of range(0, 20)) await append(spool, n, 1000)
    expect(spool.stats()).toMatchObject({ records: 9, memoryRecords: 9, dropped: 11 })
    const first = (await spool.next())!
    expect(first.time).toBe(11)
    rmSync(dir)
    await append(spool, 20, 1000)
    expect(spool.stats()).toMatchObject({ memoryRecords: 0, diskError: undefined })
    await spool.done(first)
    expect(await drain(spool)).toEqual(range(12, 21))
    expect(lines.filter(({ level }) => level === 50)).toHaveLength(1)
    await spool.close()
    await spool.close()
  })

  it('that is deleted under it goes on', async () => {
    const dir = temporaryFolder()
    const spool = await open(dir, { maxBytes: 1 << 19 })
    for (const n of range(0, 20)) await append(spool, n, 10_000)
    rmSync(dir, { recursive: true })
    for (const n of range(20, 60)) await append(spool, n, 10_000)
    const numbers = await drain(spool)
    expect(numbers.at(-1)).toBe(59)
    expect(spool.stats()).toMatchObject({ records: 0, memoryRecords: 0 })
    await spool.close()
  })

  it('whose folder holds something else under its names is an error in the log and not a crash', async () => {
    const dir = join(temporaryFolder(), 'spool')
    mkdirSync(dir)
    mkdirSync(join(dir, '000000000000001.spool'))
    const { logger, lines } = recordingLogger()
    const spool = await open(dir, { logger })
    await append(spool, 1)
    expect(await drain(spool)).toEqual([1])
    expect(lines[0]?.msg).toMatch(/cannot be written/)
    await spool.close()
  })
})

import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { uncompress } from 'snappyjs'
import { afterAll, describe, expect, it } from 'vitest'
import { generateBlocks, generateNative } from '../../bench/tsbs/columns.js'
import { prepareDataSet } from '../../bench/tsbs/data-set.js'
import { CPU_FIELDS } from '../../bench/tsbs/hosts.js'
import { generateLines } from '../../bench/tsbs/lines.js'
import { generateRemoteWrite } from '../../bench/tsbs/remote-write.js'
import type { DataParameters } from '../../bench/tsbs/simulation.js'

const START = Date.UTC(2016, 0, 1)
const SMALL: DataParameters = {
  seed: 123,
  hosts: 10,
  start: START,
  intervalSeconds: 10,
  epochs: 360,
  values: 'integers',
}

function lines(parameters: DataParameters, perBatch?: number): string[] {
  const batches: string[] = []
  generateLines(parameters, (bytes) => batches.push(Buffer.from(bytes).toString()), perBatch)
  return batches
}

const LINE =
  /^cpu,hostname=host_(\d+),region=([a-z0-9-]+),datacenter=([a-z0-9-]+),rack=(\d+),os=(Ubuntu16\.10|Ubuntu16\.04LTS|Ubuntu15\.10),arch=(x64|x86),team=(SF|NYC|LON|CHI),service=(\d+),service_version=([01]),service_environment=(production|staging|test) (\S+) (\d+)$/

describe('TSBS-shaped data', () => {
  it('is the same on every machine: checksum of 10 hosts, 1 hour, seed 123', () => {
    const sha256 = createHash('sha256').update(lines(SMALL).join('')).digest('hex')
    expect(sha256).toMatchInlineSnapshot(`"949602587f22ab0f519b827c61f4c0df1fa0d542caa32540303fc14e8ac53996"`)
  })

  it('changes with the seed', () => {
    const few = { ...SMALL, epochs: 2 }
    expect(lines({ ...few, seed: 124 })).not.toEqual(lines(few))
  })

  it('goes host after host, then to the next timestamp', () => {
    const all = lines(SMALL).join('').trimEnd().split('\n')
    expect(all).toHaveLength(3600)
    for (const [i, line] of all.entries()) {
      const [, host, , , , , , , , , , , time] = LINE.exec(line) ?? []
      expect(Number(host)).toBe(i % 10)
      expect(time).toBe(`${START + Math.floor(i / 10) * 10_000}000000`)
    }
  })

  it('keeps tags within their ranges and the same for the life of a host', () => {
    const tags = new Map<string, string>()
    for (const line of lines(SMALL).join('').trimEnd().split('\n')) {
      const [, host, region, datacenter, rack, , , , service] = LINE.exec(line)!
      expect(datacenter!.slice(0, -1)).toBe(region)
      expect(Number(rack)).toBeLessThan(100)
      expect(Number(service)).toBeLessThan(20)
      const set = line.slice(0, line.indexOf(' '))
      expect(tags.get(host!) ?? set).toBe(set)
      tags.set(host!, set)
    }
    expect(tags.size).toBe(10)
  })

  it('has ten whole numbers from 0 to 100 a line, which walk by small steps', () => {
    const before = new Map<string, number[]>()
    for (const line of lines(SMALL).join('').trimEnd().split('\n')) {
      const [, host, , , , , , , , , , fields] = LINE.exec(line)!
      const values = fields!.split(',').map((field, i) => {
        const [name, value] = field.split('=')
        expect(name).toBe(CPU_FIELDS[i])
        expect(value).toMatch(/^\d{1,3}i$/)
        return Number.parseInt(value!, 10)
      })
      for (const [i, value] of values.entries()) {
        expect(value).toBeLessThanOrEqual(100)
        expect(Math.abs(value - (before.get(host!)?.[i] ?? value))).toBeLessThanOrEqual(7)
      }
      before.set(host!, values)
    }
  })

  it('has 15 digits a value where floats are asked for', () => {
    const [first] = lines({ ...SMALL, epochs: 1, hosts: 1, values: 'floats' })
    expect(first).toMatch(/ usage_user=\d+\.\d+,/)
    expect(
      first!
        .match(/usage_user=([\d.]+)/)![1]!
        .replace('.', '')
        .replace(/^0+/, ''),
    ).toHaveLength(15)
  })

  it('is cut into batches without a line lost or split', () => {
    const batches = lines(SMALL, 1000)
    expect(batches.map((b) => b.split('\n').length - 1)).toEqual([1000, 1000, 1000, 600])
    expect(batches.join('')).toBe(lines(SMALL).join(''))
  })
})

describe('the same data as remote write', () => {
  const few = { ...SMALL, epochs: 3 }

  it('has the samples of the lines, each series on one lane, each lane in order of time', () => {
    const seen = new Map<string, { lane: number; time: number }>()
    const samples: string[] = []
    generateRemoteWrite(few, 2, (bytes, count, lane) => {
      const decoded = decodeWriteRequest(uncompress(bytes))
      expect(decoded).toHaveLength(count)
      for (const { labels, value, time } of decoded) {
        const key = labels.map(([name, v]) => `${name}=${v}`).join()
        expect(labels.map(([name]) => name)).toEqual([...labels.map(([name]) => name)].sort())
        const before = seen.get(key)
        if (before) expect(before.lane).toBe(lane)
        expect(time).toBeGreaterThan(before?.time ?? 0)
        seen.set(key, { lane, time })
        const tags = Object.fromEntries(labels)
        samples.push(`${tags.hostname} ${tags.__name__} ${value} ${time}`)
      }
    })
    const expected = lines(few)
      .join('')
      .trimEnd()
      .split('\n')
      .flatMap((line) => {
        const [, host, , , , , , , , , , fields, time] = LINE.exec(line)!
        return fields!.split(',').map((field) => {
          const [name, value] = field.split('=')
          return `host_${host} cpu_${name} ${Number.parseInt(value!, 10)} ${Number(time) / 1e6}`
        })
      })
    expect(samples.sort()).toEqual(expected.sort())
    expect(seen.size).toBe(100)
  })
})

describe('the same data in columns', () => {
  const few = { ...SMALL, epochs: 3 }

  it('has every sample once, as the agent’s batches and as blocks', () => {
    const values = lines(few)
      .join('')
      .match(/=(\d+)i/g)!
      .map((text) => Number.parseInt(text.slice(1), 10))
    generateNative(few, (bytes, samples) => {
      expect(samples).toBe(300)
      expect(Buffer.from(bytes.subarray(0, 4)).toString()).toBe('BWB1')
      const columns = new Float64Array(new Uint8Array(bytes.subarray(-16 * samples)).buffer)
      expect([...columns.subarray(samples)]).toEqual(values)
      expect([...new Set(columns.subarray(0, samples))]).toEqual([START, START + 10_000, START + 20_000])
    })
    generateBlocks(few, (bytes, samples) => {
      expect(samples).toBe(300)
      expect([...new Float64Array(new Uint8Array(bytes.subarray(-8 * samples)).buffer)]).toEqual(values)
    })
    expect.assertions(6)
  })
})

describe('a data set on disk', () => {
  const cache = mkdtempSync(join(tmpdir(), 'bellwether-bench-test-'))
  afterAll(() => rmSync(cache, { recursive: true, force: true }))

  it('is the generated bytes, and is found again', async () => {
    const made = await prepareDataSet('line-protocol', SMALL, 2, { cache })
    const bytes = readFileSync(made.file)
    expect(bytes.toString()).toBe(lines(SMALL).join(''))
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(made.sha256)
    expect(made.samples).toBe(36_000)
    expect(made.batches.reduce((sum, b) => sum + b.samples, 0)).toBe(36_000)
    expect(await prepareDataSet('line-protocol', SMALL, 2, { cache })).toEqual(made)
  })
})

/** A second, plain decoder of the fields that remote write 1.0 has. */
function decodeWriteRequest(bytes: Uint8Array) {
  return fieldsOf(bytes).map(({ bytes: series }) => {
    const labels: [string, string][] = []
    let value = Number.NaN
    let time = 0
    for (const field of fieldsOf(series!)) {
      if (field.number === 1) {
        const [name, text] = fieldsOf(field.bytes!).map((f) => Buffer.from(f.bytes!).toString())
        labels.push([name!, text!])
      } else
        for (const part of fieldsOf(field.bytes!)) {
          if (part.number === 1)
            value = new DataView(part.bytes!.buffer, part.bytes!.byteOffset).getFloat64(0, true)
          else time = part.integer!
        }
    }
    return { labels, value, time }
  })
}

function fieldsOf(bytes: Uint8Array): { number: number; bytes?: Uint8Array; integer?: number }[] {
  let at = 0
  const varint = () => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]!
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
  const fields = []
  while (at < bytes.length) {
    const tag = varint()
    if ((tag & 7) === 0) fields.push({ number: tag >> 3, integer: varint() })
    else {
      const length = (tag & 7) === 1 ? 8 : varint()
      fields.push({ number: tag >> 3, bytes: bytes.subarray(at, at + length) })
      at += length
    }
  }
  return fields
}

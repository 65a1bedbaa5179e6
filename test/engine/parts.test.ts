import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBackoff } from '../../src/engine/backoff.js'
import type { EngineLogger } from '../../src/engine/engine.js'
import { findLibrary, libraryPackage } from '../../src/engine/library.js'
import { createLogTail } from '../../src/engine/log-tail.js'
import { defaultMemoryLimit, residentMemory } from '../../src/engine/memory.js'
import { serverConfigXml } from '../../src/engine/server-config.js'

const GIB = 1024 ** 3

describe('memory limit', () => {
  test.each([
    ['a large machine', 256 * GIB, 0, 4 * GIB],
    ['a machine of 8 GB', 8 * GIB, 0, 0.4 * 8 * GIB],
    ['a container of 2 GB on it', 8 * GIB, 2 * GIB, 0.4 * 2 * GIB],
    ['a control group without limit', 8 * GIB, 2 ** 63, 0.4 * 8 * GIB],
    ['a tiny machine', GIB / 2, 0, 512 * 1024 ** 2],
  ])('%s', (_, total, constrained, expected) => {
    expect(defaultMemoryLimit(total, constrained)).toBe(Math.floor(expected))
  })

  test('the resident memory of a process that is gone is unknown', () => {
    expect(residentMemory(2 ** 22 + 1)).toBeUndefined()
  })
})

describe('library', () => {
  test('every supported platform has its package', () => {
    expect(libraryPackage('linux', 'x64')).toBe('@chdb/lib-linux-x64-gnu')
    expect(libraryPackage('linux', 'arm64')).toBe('@chdb/lib-linux-arm64-gnu')
    expect(libraryPackage('darwin', 'x64')).toBe('@chdb/lib-darwin-x64')
    expect(libraryPackage('darwin', 'arm64')).toBe('@chdb/lib-darwin-arm64')
  })

  test('a platform without one is told to use a server', () => {
    expect(() => findLibrary(libraryPackage('freebsd', 'x64'))).toThrow(
      expect.objectContaining({
        code: 'library-missing',
        message: expect.stringMatching(/@chdb\/lib-freebsd-x64 was not found.*--clickhouse-url/s),
      }),
    )
  })
})

describe('log of the engine', () => {
  function recorder() {
    const entries: string[] = []
    const logger: EngineLogger = {
      debug() {},
      info() {},
      warn: (fields) => entries.push(`warn ${JSON.stringify(fields)}`),
      error: (fields) => entries.push(`error ${JSON.stringify(fields)}`),
    }
    return { entries, logger }
  }

  test('whole lines come out whole, however the pieces are cut', () => {
    const line = fc.stringMatching(/^[a-z]{1,20}$/)
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 10 }),
        fc.infiniteStream(fc.nat(30)),
        (lines, cuts) => {
          const tail = createLogTail(recorder().logger)
          let rest = `${lines.join('\n')}\n`
          for (const cut of cuts) {
            if (rest === '') break
            tail.push(rest.slice(0, cut + 1))
            rest = rest.slice(cut + 1)
          }
          expect(tail.lines()).toEqual(lines)
        },
      ),
    )
  })

  test('nothing is passed on before the start has succeeded, and then what came before', () => {
    const { entries, logger } = recorder()
    const tail = createLogTail(logger)
    tail.push('2026.11.20 06:39:20.3 [ 1 ] {} <Error> bw.t: broken part\n0. ? @ 0x000000001c8fa4b3\n\n')
    expect(entries).toEqual([])
    tail.release()
    expect(entries).toHaveLength(1)
    expect(entries[0]).toMatch(/^error .*broken part/)
  })

  test('a flood is cut, and what was dropped is counted', () => {
    let time = 0
    const { entries, logger } = recorder()
    const tail = createLogTail(logger, () => time)
    tail.release()
    for (let i = 0; i < 1000; i++) tail.push(`line ${i}\n`)
    expect(entries).toHaveLength(30)
    time += 60_000
    tail.push('later\n')
    expect(entries.slice(30)).toEqual(['warn {"dropped":970}', 'warn {"clickhouse":"later"}'])
    expect(tail.lines()).toHaveLength(12)
  })

  test('a line without end does not grow', () => {
    const tail = createLogTail(recorder().logger)
    for (let i = 0; i < 100; i++) tail.push('x'.repeat(10_000))
    expect(tail.lines().join('').length).toBeLessThan(1000)
  })
})

describe('back-off', () => {
  test('waits double up to 30 s, and are short again after a steady time', async () => {
    let time = 0
    const backoff = createBackoff(() => time)
    const aborted = AbortSignal.abort()
    const waits: number[] = []
    for (let i = 0; i < 12; i++) {
      waits.push(backoff.nextMs())
      expect(await backoff.wait(aborted)).toBe(false)
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000, 30000])
    time += 61_000
    await backoff.wait(aborted)
    expect(backoff.nextMs()).toBe(200)
  })
})

test('a folder name cannot break out of the configuration', () => {
  const xml = serverConfigXml({
    dataPath: '/a & b/</path><users_config>/evil',
    usersFile: '/users.xml',
    memoryLimitBytes: GIB,
    cores: 2,
  })
  expect(xml).toContain('<path>/a &amp; b/&lt;/path&gt;&lt;users_config&gt;/evil</path>')
})

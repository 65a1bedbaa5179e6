import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ByteCache } from '../../src/ingest/byte-cache.js'

const bytesOf = (text: string) => {
  const bytes = Buffer.from(text)
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), length: bytes.length }
}

function look(cache: ByteCache<number>, key: string): number | undefined {
  const { view, length } = bytesOf(key)
  return cache.get(view, 0, length)
}

function put(cache: ByteCache<number>, key: string, value: number): void {
  const { view, length } = bytesOf(key)
  cache.set(view, 0, length, value)
}

test('answers what a Map of the same keys answers, or nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 6 }), { maxLength: 200 }), (keys) => {
      const cache = new ByteCache<number>(1 << 20)
      const map = new Map<string, number>()
      for (const key of keys) {
        const known = look(cache, key)
        expect(known).toBe(map.get(key))
        if (known === undefined) {
          put(cache, key, map.size)
          map.set(key, map.size)
        }
      }
    }),
  )
})

test('the entry that came next is found by its bytes, without knowing where they end', () => {
  const cache = new ByteCache<number>(1 << 20)
  for (const key of ['one', 'two', 'three']) put(cache, key, key.length * 10)
  cache.rewind()
  expect(look(cache, 'one')).toBe(30)
  const next = (text: string) => cache.next(bytesOf(text).view, 0, text.length)
  expect(next('two x')).toBe(30)
  expect(cache.matched).toBe(3)
  expect(next('two')).toBeUndefined()
  expect(next('tw o')).toBeUndefined()
  cache.advance()
  expect(next('three ')).toBe(50)
})

test('stays within its bound whatever is put into it, and still knows what is in use', () => {
  const cache = new ByteCache<number>(100_000)
  put(cache, 'in use', 7)
  let misses = 0
  for (let k = 0; k < 200_000; k++) {
    if (look(cache, `hostile ${k}`) === undefined) put(cache, `hostile ${k}`, k)
    if (k % 500 === 0) {
      if (look(cache, 'in use') === undefined) {
        misses++
        put(cache, 'in use', 7)
      }
    }
    expect(cache.bytes).toBeLessThanOrEqual(100_100)
  }
  expect(misses).toBe(0)
})

test('what values grow by counts too', () => {
  const cache = new ByteCache<number>(10_000)
  for (let k = 0; k < 1000; k++) {
    put(cache, `key ${k}`, k)
    cache.charge(1000)
  }
  expect(cache.size).toBeLessThan(20)
})

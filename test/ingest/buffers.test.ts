import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBufferPool, memoryFor } from '../../src/ingest/buffers.js'

test('what is given back is taken again, at its asked length and aligned', () => {
  const pool = createBufferPool()
  const first = pool.take(100_000)
  expect([first.length, first.byteOffset]).toEqual([100_000, 0])
  expect(pool.give(first.subarray(0, 10))).toBe(true)
  const again = pool.take(70_000)
  expect(again.buffer).toBe(first.buffer)
  expect(again.length).toBe(70_000)
  expect(pool.take(70_000).buffer).not.toBe(first.buffer)
})

test('memory that is given back twice never serves two requests', () => {
  const pool = createBufferPool()
  const array = pool.take(5_000)
  expect(pool.give(array)).toBe(true)
  expect(pool.give(array)).toBe(false)
  expect(pool.take(5_000).buffer).not.toBe(pool.take(5_000).buffer)
  expect(pool.give(new Uint8Array(4096))).toBe(false)
  expect(pool.kept).toBe(0)
})

test('no more is kept than allowed, and nothing after a while without use', async () => {
  const pool = createBufferPool({ keepBytes: 3 * memoryFor(100_000), idleMs: 20 })
  const arrays = Array.from({ length: 10 }, () => pool.take(100_000))
  for (const array of arrays) pool.give(array)
  expect(pool.kept).toBe(3 * memoryFor(100_000))
  while (pool.kept > 0) await sleep(10)
  expect(pool.take(100_000).length).toBe(100_000)
})

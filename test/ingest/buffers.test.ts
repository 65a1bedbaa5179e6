import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBufferPool, memoryFor } from '../../src/ingest/buffers.js'

test('what is given back is taken again, at its asked length and aligned', () => {
  const pool = createBufferPool()
  const first = pool.take(100_000)
  expect([first.array.length, first.array.byteOffset, first.memory]).toEqual([100_000, 0, 131_072])
  expect(first.end()).toBe(true)
  const again = pool.take(70_000)
  expect(again.array.buffer).toBe(first.array.buffer)
  expect(again.array.length).toBe(70_000)
  expect(pool.take(70_000).array.buffer).not.toBe(first.array.buffer)
})

test('who gives back twice does not give away what another has taken meanwhile', () => {
  const pool = createBufferPool()
  const first = pool.take(5_000)
  expect(first.end()).toBe(true)
  const second = pool.take(5_000)
  expect(first.end()).toBe(false)
  expect(pool.take(5_000).array.buffer).not.toBe(second.array.buffer)
})

test('no more is kept than allowed, and nothing after a while without use', async () => {
  const pool = createBufferPool({ keepBytes: 3 * memoryFor(100_000), idleMs: 20 })
  const loans = Array.from({ length: 10 }, () => pool.take(100_000))
  for (const loan of loans) loan.end()
  expect(pool.kept).toBe(3 * memoryFor(100_000))
  while (pool.kept > 0) await sleep(10)
  expect(pool.take(100_000).array.length).toBe(100_000)
})

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createBufferPool, memoryFor } from '../../src/ingest/buffers.js'

test('what is given back is taken again, at its asked length and aligned', () => {
  const pool = createBufferPool()
  const first = pool.take(100_000)
  expect([first.array.length, first.array.byteOffset, first.memory]).toEqual([100_000, 0, 114_688])
  expect(first.end()).toBe(true)
  const again = pool.take(110_000)
  expect(again.array.buffer).toBe(first.array.buffer)
  expect(again.array.length).toBe(110_000)
  expect(pool.take(110_000).array.buffer).not.toBe(first.array.buffer)
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

test('an array occupies at most a quarter more than it is long', () => {
  for (const bytes of [0, 1, 4096, 4097, 65_536, 65_537, 1_000_000, 33_000_004, 2 ** 26]) {
    const { memory, array } = createBufferPool().take(bytes)
    expect(array.buffer.byteLength).toBe(memory)
    expect(memory).toBeGreaterThanOrEqual(bytes)
    if (bytes > 4 * 4096) expect(memory).toBeLessThanOrEqual(bytes * 1.25)
  }
})

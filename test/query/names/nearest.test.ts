import { expect, test } from 'vitest'
import { nearest } from '../../../src/query/names/index.js'
import { cpuMs } from '../../cpu-time.js'
import { seeded } from '../syntax/support.js'

/** Optimal string alignment, as in the books. */
function distance(a: string, b: string): number {
  const d = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => i || j),
  )
  for (let i = 0; i <= a.length; i++) d[i]![0] = i
  for (let j = 0; j <= b.length; j++) d[0]![j] = j
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      d[i]![j] = Math.min(d[i - 1]![j]! + 1, d[i]![j - 1]! + 1, d[i - 1]![j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        d[i]![j] = Math.min(d[i]![j]!, d[i - 2]![j - 2]! + 1)
    }
  return d[a.length]![b.length]!
}

test('mistakes of every kind', () => {
  const names = ['moving_avg', 'min', 'max', 'stats', 'cpu_percent', 'load_1']
  expect(nearest('mvoing_avg', names)).toEqual(['moving_avg'])
  expect(nearest('moving_av', names)).toEqual(['moving_avg'])
  expect(nearest('CPU_PERCNET', names)).toEqual(['cpu_percent'])
  expect(nearest('load1', names)).toEqual(['load_1'])
  expect(nearest('mim', names)).toEqual(['min'])
})

test('the nearest first, then names that begin with it, then names that contain it', () => {
  const names = [
    'total_cpu_user_rate',
    'cpu_user_rate',
    'cpu_user',
    'cpu_usr',
    'cpu_user_rate_across_hosts',
    'x',
  ]
  expect(nearest('cpu_user', names, 5)).toEqual([
    'cpu_user',
    'cpu_usr',
    'cpu_user_rate',
    'cpu_user_rate_across_hosts',
    'total_cpu_user_rate',
  ])
  expect(nearest('cpu_user', names, 1)).toEqual(['cpu_user'])
})

test('nothing where nothing is near', () => {
  expect(nearest('zzzzzz', ['cpu_percent'])).toEqual([])
  expect(nearest('', ['cpu_percent'])).toEqual([])
  expect(nearest('cpu', [])).toEqual([])
  expect(nearest('a'.repeat(100_000), ['b'])).toEqual([])
})

test('each name once', () => {
  expect(nearest('ab', ['abc', 'abc', 'abc'])).toEqual(['abc'])
})

test('agrees with the plain definition of distance', () => {
  const random = seeded(3)
  const word = () =>
    Array.from({ length: 1 + Math.floor(random() * 12) }, () => 'abc'[Math.floor(random() * 3)]).join('')
  for (let round = 0; round < 20_000; round++) {
    const [a, b] = [word(), word()]
    const bound = Math.max(1, Math.min(4, Math.floor(a.length / 3)))
    const near = distance(a, b) <= bound || (a.length >= 3 && b.includes(a))
    if (nearest(a, [b]).length > 0 !== near) throw new Error(`${a} ${b} ${distance(a, b)}`)
  }
})

test('100,000 names take little time', () => {
  const stems = ['total_cpu_user_rate', 'jvm_heap_used_mb', 'bytes_receive_rate', 'physical_memory_used']
  const names = Array.from({ length: 100_000 }, (_, i) => `${stems[i % 4]}_across_hosts_${i.toString(36)}`)
  const start = cpuMs()
  for (const name of ['cpu_precent', 'physical_memory_usd_across_hosts_2f', 'zzzzzzzzzzzz'])
    nearest(name, names)
  expect(cpuMs() - start).toBeLessThan(3000)
})

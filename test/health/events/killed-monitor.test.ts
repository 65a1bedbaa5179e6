import { expect, test } from 'vitest'
import { killedMonitor } from './killed-monitor.js'

test('a monitor that is killed loses no alert that it has accepted, and keeps their order', async () => {
  const { accepted, taken } = await killedMonitor(2, (round) => 2 + round)
  expect(accepted.size).toBeGreaterThanOrEqual(25)
  const first = [...new Set(taken)]
  expect([...accepted].filter((id) => !first.includes(id))).toEqual([])
  const order = (id: string) => id.match(/\d+/g)!.reduce((sum, part) => sum * 10_000 + Number(part), 0)
  expect(first.map(order)).toEqual(first.map(order).toSorted((a, b) => a - b))
}, 120_000)

import { expect, test } from 'vitest'
import { killedMonitor } from '../health/events/killed-monitor.js'

test('20 kills of the monitor lose no alert that it has accepted', async () => {
  const { accepted, taken, duplicates } = await killedMonitor(20, (round) => 1 + (round % 9))
  const got = new Set(taken)
  expect([...accepted].filter((id) => !got.has(id))).toEqual([])
  process.stdout.write(
    `${accepted.size} accepted, none lost; ${taken.length - got.size} of ${got.size} sent more than once; ${duplicates} posts were repeats\n`,
  )
}, 300_000)

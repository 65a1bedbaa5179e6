import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createPoller, type Poller, type PollState } from '../../web/src/api/poller.js'

interface Load {
  signal: AbortSignal
  answer: (value: string) => void
  fail: (error: Error) => void
}

let loads: Load[]
let states: PollState<string>[]
let poller: Poller
const last = () => states.at(-1) as PollState<string>
const load = (i: number) => loads[i] as Load
const soon = (ms = 0) => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => {
  vi.useFakeTimers()
  loads = []
  states = []
  poller = createPoller<string>({
    load: (signal) => new Promise((answer, fail) => loads.push({ signal, answer, fail })),
    onState: (state) => states.push(state),
    again: (error) => (error as Error).message === 'away',
  })
})

afterEach(() => {
  poller.stop()
  vi.useRealTimers()
})

describe('refreshing', () => {
  it('never has two requests under way: a new one aborts the old', async () => {
    poller.run()
    poller.run()
    expect(load(0).signal.aborted).toBe(true)
    load(0).answer('old')
    load(1).answer('new')
    await soon()
    expect(last()).toMatchObject({ loading: false, value: 'new', error: null })
  })

  it('waits for a slow answer instead of asking again', async () => {
    poller.every(1000)
    poller.run()
    await soon(5000)
    expect(loads).toHaveLength(1)
    load(0).answer('a')
    await soon()
    await soon(1)
    expect(loads).toHaveLength(2)
  })

  it('comes again after its step, and not when it is off', async () => {
    poller.every(1000)
    poller.run()
    load(0).answer('a')
    await soon(1000)
    expect(loads).toHaveLength(2)
    load(1).answer('b')
    await soon()
    poller.every(0)
    await soon(10_000)
    expect(loads).toHaveLength(2)
  })

  it('is held while looked at, and catches up at once afterwards', async () => {
    poller.every(1000)
    poller.run()
    load(0).answer('a')
    poller.hold(true)
    await soon(10_000)
    expect(loads).toHaveLength(1)
    poller.hold(false)
    expect(loads).toHaveLength(2)
  })

  it('does not refresh when released before it was due', async () => {
    poller.every(1000)
    poller.run()
    load(0).answer('a')
    await soon(100)
    poller.hold(true)
    poller.hold(false)
    expect(loads).toHaveLength(1)
  })
})

describe('errors', () => {
  it('keep the last good value, and are tried again ever more slowly', async () => {
    poller.run()
    load(0).answer('a')
    await soon()
    const waits: number[] = []
    poller.run()
    for (let i = 1; i <= 7; i++) {
      load(i).fail(new Error('away'))
      await soon()
      expect(last()).toMatchObject({ value: 'a', loading: false })
      waits.push((last().retryAt ?? 0) - Date.now())
      await soon(waits.at(-1))
      expect(loads).toHaveLength(i + 2)
    }
    expect(waits).toEqual([2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    load(8).answer('back')
    await soon()
    expect(last()).toMatchObject({ value: 'back', error: null, retryAt: null })
  })

  it('of the query itself are not tried again', async () => {
    poller.every(1000)
    poller.run()
    load(0).fail(new Error('bad query'))
    await soon(60_000)
    expect(loads).toHaveLength(1)
    expect(last().retryAt).toBeNull()
  })

  it('of an aborted request are not shown', async () => {
    poller.run()
    poller.run(true)
    load(0).fail(new Error('aborted'))
    await soon()
    expect(last()).toMatchObject({ loading: true, error: null, value: null })
  })
})

it('stops for good, however often it is told to', async () => {
  poller.every(1000)
  poller.run()
  poller.stop()
  poller.stop()
  expect(load(0).signal.aborted).toBe(true)
  load(0).answer('late')
  poller.run()
  await soon(10_000)
  expect(loads).toHaveLength(1)
  expect(last()).toMatchObject({ loading: true })
})

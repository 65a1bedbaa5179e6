import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextRound, nextTick, phaseOf, stampOf, startSchedule } from '../../src/agent/schedule.js'
import { until } from './support.js'

const interval = fc.integer({ min: 1, max: 3600 }).map((s) => s * 1000)
const clock = fc.integer({ min: 1_600_000_000_000, max: 2_000_000_000_000 })
const onGrid = (time: number, grid: { intervalMs: number; phaseMs: number }) =>
  (time - grid.phaseMs) % grid.intervalMs === 0

describe('the schedule', () => {
  it('puts the next round on the grid, neither at once nor more than a round and a quarter ahead', () => {
    fc.assert(
      fc.property(
        interval,
        fc.string(),
        clock,
        fc.nat({ max: 10_000_000 }),
        (intervalMs, hostId, started, took) => {
          const grid = { intervalMs, phaseMs: phaseOf(hostId, intervalMs) }
          const now = started + took
          const next = nextRound(grid, started, now)
          expect(onGrid(next, grid)).toBe(true)
          expect(next).toBeGreaterThanOrEqual(now)
          expect(next - started).toBeGreaterThanOrEqual(intervalMs / 4)
          expect(next - now).toBeLessThanOrEqual(intervalMs * 1.25)
        },
      ),
    )
  })

  it('goes on soon when the clock is set back by an hour during a round', () => {
    const grid = { intervalMs: 10_000, phaseMs: 0 }
    const started = 1_700_000_000_000
    expect(nextRound(grid, started, started - 3_600_000 + 5)).toBe(started - 3_600_000 + 10_000)
  })

  it('stamps a round that starts near its time with that time exactly, and does not drift', () => {
    fc.assert(
      fc.property(
        interval,
        clock,
        fc.array(fc.integer({ min: -2, max: 200 })),
        (intervalMs, start, delays) => {
          const grid = { intervalMs, phaseMs: 0 }
          let tick = nextTick(grid, start)
          for (const delay of delays) {
            expect(stampOf(grid, tick + delay)).toBe(tick)
            const next = nextRound(grid, tick + delay, tick + delay + 200)
            expect(next).toBe(tick + intervalMs)
            tick = next
          }
        },
      ),
    )
  })

  it('stamps a round off the grid with the second in which it starts: after a suspend, after the clock was set', () => {
    expect(stampOf({ intervalMs: 60_000, phaseMs: 7000 }, 1_700_000_030_400)).toBe(1_700_000_030_000)
  })

  it('follows a late round with the next point of the grid and no burst', () => {
    const grid = { intervalMs: 10_000, phaseMs: 3000 }
    const woken = 1_700_000_000_000 + 3_600_000 + 4321
    expect(nextRound(grid, woken, woken + 30)).toBe(1_700_000_000_000 + 3_613_000)
  })

  it('spreads hosts over the interval by whole seconds', () => {
    const phases = Array.from({ length: 600 }, (_, i) => phaseOf(`host-${i}`, 60_000))
    expect(phases.every((phase) => phase % 1000 === 0 && phase >= 0 && phase < 60_000)).toBe(true)
    const perSecond = new Map<number, number>()
    for (const phase of phases) perSecond.set(phase, (perSecond.get(phase) ?? 0) + 1)
    expect(perSecond.size).toBeGreaterThan(55)
    expect(Math.max(...perSecond.values())).toBeLessThan(30)
  })

  it('never runs two rounds at a time, survives one that fails, and stops', async () => {
    let running = 0
    let most = 0
    let rounds = 0
    const failures: unknown[] = []
    let skipped = 0
    const schedule = startSchedule(
      { intervalMs: 20, phaseMs: 0 },
      async () => {
        most = Math.max(most, ++running)
        rounds++
        await new Promise((resolve) => setTimeout(resolve, 50))
        running--
        if (rounds === 1) throw new Error('first')
      },
      { failed: (error) => failures.push(error), skipped: (count) => (skipped += count) },
    )
    await until(() => rounds >= 4, 'four rounds')
    await schedule.stop()
    await schedule.stop()
    const after = rounds
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect({ most, after: rounds, failures: failures.length, running }).toEqual({
      most: 1,
      after,
      failures: 1,
      running: 0,
    })
    expect(skipped).toBeGreaterThan(0)
  })
})

import { describe, expect, it } from 'vitest'
import { createRandom } from '../../bench/random.js'

describe('seeded random numbers', () => {
  it('are the same on every machine: the first of seed 123', () => {
    const random = createRandom(123)
    expect(Array.from({ length: 4 }, () => random.bits())).toMatchInlineSnapshot(`
      [
        3146710351,
        1913850085,
        2160143029,
        1836263080,
      ]
    `)
  })

  it('differ between neighbouring seeds', () => {
    const first = createRandom(1)
    const second = createRandom(2)
    const equal = Array.from({ length: 1000 }, () => first.bits() === second.bits()).filter(Boolean)
    expect(equal.length).toBeLessThan(3)
  })

  it('are uniform in [0, 1): every tenth gets its share', () => {
    const random = createRandom(7)
    const counts = new Array<number>(10).fill(0)
    for (let i = 0; i < 100_000; i++) counts[Math.floor(random.uniform() * 10)]!++
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  it('are normal with mean 0 and deviation 1', () => {
    const random = createRandom(7)
    const values = Array.from({ length: 100_000 }, () => random.normal())
    const mean = values.reduce((a, b) => a + b) / values.length
    const deviation = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length)
    expect(Math.abs(mean)).toBeLessThan(0.02)
    expect(Math.abs(deviation - 1)).toBeLessThan(0.02)
    const withinOne = values.filter((v) => Math.abs(v) < 1).length / values.length
    expect(Math.abs(withinOne - 0.6827)).toBeLessThan(0.01)
  })
})

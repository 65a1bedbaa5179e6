import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { collectedMetrics, definitionOf, parseCatalogue } from '../../src/agent/catalogue/index.js'

const entry = {
  name: 'load_1',
  categories: ['HOST'],
  displayName: 'Load',
  description: 'Load.',
  unitNumerators: [],
  unitDenominators: [],
  isCounter: false,
}

describe('the metric catalogue', () => {
  it('is in the form that its reader checks, with a rate for every counter but those of milliseconds', () => {
    const names = new Set(collectedMetrics.map(({ name }) => name))
    for (const { name, isCounter, unitNumerators } of collectedMetrics) {
      expect(name.startsWith('total_')).toBe(isCounter)
      if (isCounter && unitNumerators?.[0] !== 'ms')
        expect(names, name).toContain(`${name.slice('total_'.length)}_rate`)
    }
    expect(names.size).toBeGreaterThan(150)
  })

  it.each([
    ['an upper-case name', { name: 'Load' }],
    ['no category', { categories: [] }],
    ['no description', { description: '' }],
    ['no units', { unitNumerators: undefined }],
    ['a rate that is not per second', { name: 'load_rate' }],
    ['a gauge that is per second', { unitDenominators: ['seconds'] }],
    ['no counter flag', { isCounter: undefined }],
  ])('refuses %s', (_, change) => {
    expect(() => parseCatalogue([{ ...entry, ...change }])).toThrow(TypeError)
  })

  it('refuses the same name twice, and what is no list', () => {
    expect(() => parseCatalogue([entry, entry])).toThrow(/twice/)
    expect(() => parseCatalogue({})).toThrow(/array/)
  })

  it('is what docs/metrics.md says', () => {
    const script = new URL('../../tools/metrics-doc.js', import.meta.url).pathname
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  it('knows no other names', () => {
    expect(definitionOf('load_1').displayName).toBe('Load average, 1 min')
    expect(() => definitionOf('nonsense')).toThrow(RangeError)
  })
})

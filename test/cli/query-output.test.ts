import { describe, expect, it } from 'vitest'
import { problemLines, responseLines, shownValue, sparkline } from '../../src/cli/query-output.js'
import type { QueryPlan, TimeSeries } from '../../src/wire/timeseries.js'

function stream(entityName: string, values: number[]): TimeSeries {
  return {
    metadata: {
      metricName: 'load_1',
      entityName,
      startTime: '',
      endTime: '',
      attributes: {},
      unitNumerators: [],
      unitDenominators: [],
      expression: '',
      metricCollectionFrequencyMs: null,
      rollupUsed: 'RAW',
    },
    data: values.map((value, i) => ({ timestamp: new Date(i * 1000).toISOString(), value, type: 'SAMPLE' })),
  }
}

describe('the answer of bellwether query', () => {
  it('draws low to high as low to high, and a constant as a flat line', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)).toBe('▁▂▃▄▅▆▇█')
    expect(sparkline([5, 5, 5], 8)).toBe('▁▁▁')
    expect(sparkline([], 8)).toBe('')
    expect(
      sparkline(
        Array.from({ length: 1000 }, (_, i) => i),
        10,
      ),
    ).toHaveLength(10)
  })

  it('shows bytes in binary steps and rates per second', () => {
    expect(shownValue(1536, ['bytes'], [])).toBe('1.5 KiB')
    expect(shownValue(3 * 1024 ** 3, ['bytes'], ['seconds'])).toBe('3 GiB/s')
    expect(shownValue(12.3456, ['percent'], [])).toBe('12.35 %')
    expect(shownValue(0.5, ['seconds'], ['seconds'])).toBe('0.5')
  })

  it('has a row for each stream with last, min, max and the number of points', () => {
    const lines = responseLines(
      { items: [{ timeSeries: [stream('a', [1, 3, 2])], warnings: ['half of it'], timeSeriesQuery: 'q' }] },
      { width: 100, colour: false },
    )
    expect(lines[1]!.split(/ {2,}/)).toEqual(['load_1', 'a', '2', '1', '3', '3', '▁█▅'])
    expect(lines.at(-1)).toBe('warning: half of it')
  })

  it('shows the plan of EXPLAIN in place of streams', () => {
    const plan: QueryPlan = {
      rollup: 'RAW',
      streams: 1,
      points: 2,
      items: [{ text: 'dt0(x)', shape: 'stream', entities: 1, reads: ['samples of x'] }],
      statements: [{ sql: 'SELECT 1', rows: 6, rowsRead: 776, milliseconds: 5.31 }],
      steps: [{ name: 'read', milliseconds: 5.31 }],
    }
    const item = { timeSeries: [], warnings: [], timeSeriesQuery: 'explain …', plan }
    const lines = responseLines({ items: [item] }, { width: 100, colour: false })
    expect(lines).toContain('dt0(x): stream of 1 entity')
    expect(lines).toContain('  SELECT 1')
    expect(lines.join()).not.toContain('No series')
  })

  it('lets no name from outside steer the terminal', () => {
    const lines = responseLines(
      { items: [{ timeSeries: [stream('\u001b[2Jevil', [1])], warnings: [], timeSeriesQuery: 'q' }] },
      { width: 100, colour: false },
    )
    expect(lines.join('')).not.toContain('\u001b')
  })

  it('marks the place of an error under the line it is in', () => {
    const query = 'select a\nwhere b ~ c'
    const problem = {
      message: 'Expected = or RLIKE.',
      offset: query.indexOf('~'),
      length: 1,
      expected: [],
      suggestions: ['='],
    }
    expect(problemLines(query, [problem])).toEqual([
      'where b ~ c',
      '        ^',
      'Expected = or RLIKE.',
      'Did you mean =?',
    ])
    const said = { ...problem, message: 'Expected = or RLIKE. Did you mean “=”?' }
    expect(problemLines(query, [said]).slice(2)).toEqual([said.message])
  })
})

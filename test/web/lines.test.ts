import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { facetOptions, splitByFacet } from '../../web/src/chart/facets.js'
import { labelStreams } from '../../web/src/chart/labels.js'
import {
  ALL_SHOWN,
  isolate,
  isShown,
  type LegendState,
  legendFromText,
  legendToText,
  toggle,
} from '../../web/src/chart/legend.js'
import { axisRange, buildModel, isFlatZero } from '../../web/src/chart/model.js'
import { closeRow, readoutAt, valueAt } from '../../web/src/chart/readout.js'
import { pointRows, sortSummaries, summarize } from '../../web/src/chart/tables.js'
import { streamsOf } from './streams.js'

const disk = (metric: string, device: string, hostname = 'n1') => ({
  metric,
  attributes: { category: 'DISK', entityName: `${hostname}:${device}`, device, hostname, hostId: hostname },
})

describe('labels', () => {
  it('name a single line by its metric or its alias', () => {
    expect(labelStreams(streamsOf({ metric: 'load_1' }))).toEqual(['load_1'])
    expect(labelStreams(streamsOf({ metric: 'load_1', alias: 'load' }))).toEqual(['load'])
  })
  it('show only what differs', () => {
    const streams = streamsOf(disk('read', 'sda'), disk('read', 'sdb'))
    expect(labelStreams(streams)).toEqual(['sda', 'sdb'])
  })
  it('show the metric where there are several', () => {
    const streams = streamsOf(disk('read', 'sda'), disk('write', 'sda'), disk('read', 'sdb'))
    expect(labelStreams(streams)).toEqual(['read · sda', 'write · sda', 'read · sdb'])
  })
  it('leave out what tells nothing more', () => {
    const streams = streamsOf(disk('read', 'sda', 'n1'), disk('read', 'sda', 'n2'))
    expect(labelStreams(streams)).toEqual(['n1', 'n2'])
  })
  it('show the attributes that differ where the display name is made of all of them', () => {
    const cpu = (cpu: string, mode: string) => {
      const entityName = `cpu=${cpu},instance=a:9100,mode=${mode}`
      return {
        metric: 'rate(node_cpu_seconds_total)',
        attributes: { entityName, entityDisplayName: entityName, instance: 'a:9100', cpu, mode },
      }
    }
    expect(labelStreams(streamsOf(cpu('0', 'idle'), cpu('0', 'user'), cpu('1', 'idle')))).toEqual([
      '0 · idle',
      '0 · user',
      '1 · idle',
    ])
  })
  it('always show what the chart asks for, as the only disk of a host', () => {
    expect(labelStreams(streamsOf(disk('read', 'sda')), ['device'])).toEqual(['sda'])
    const two = streamsOf(disk('read', 'sda'), disk('write', 'sda'))
    expect(labelStreams(two, ['device'])).toEqual(['read · sda', 'write · sda'])
    expect(labelStreams(streamsOf({ metric: 'load_1' }), ['device'])).toEqual(['load_1'])
  })
  it('tell apart whatever can be told apart', () => {
    const name = fc.constantFrom('a', 'b', 'c')
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(name, name, name), { selector: String, minLength: 2 }), (all) => {
        const streams = streamsOf(
          ...all.map(([metric, x, y]) => ({ metric, attributes: { x, y, entityName: x + y } })),
        )
        expect(new Set(labelStreams(streams)).size).toBe(all.length)
      }),
    )
  })
})

describe('keys of lines', () => {
  it('are the same from answer to answer and differ from line to line', () => {
    const make = () =>
      streamsOf(disk('read', 'sda'), disk('read', 'sdb'), disk('write', 'sda'), disk('read', 'sda'))
    const keys = make().map((stream) => stream.key)
    expect(make().map((stream) => stream.key)).toEqual(keys)
    expect(new Set(keys).size).toBe(4)
  })
})

describe('facets', () => {
  const streams = streamsOf(disk('read', 'sda'), disk('read', 'sdb'), disk('read', 'sda', 'n2'))
  it('combine and separate', () => {
    expect(splitByFacet(streams, 'combined').map((chart) => chart.streams.length)).toEqual([3])
    expect(splitByFacet(streams, 'separate').map((chart) => chart.title)).toEqual([
      'n1 · sda',
      'n1 · sdb',
      'n2 · sda',
    ])
    expect(splitByFacet([], 'separate')).toEqual([])
  })
  it('group by an attribute', () => {
    const charts = splitByFacet(streams, 'by:device')
    expect(charts.map((chart) => [chart.title, chart.streams.length])).toEqual([
      ['sda', 2],
      ['sdb', 1],
    ])
  })
  it('put lines without the attribute together', () => {
    const mixed = [...streams, ...streamsOf({ metric: 'load_1' })]
    expect(splitByFacet(mixed, 'by:device').at(-1)).toMatchObject({ title: '(none)' })
  })
  it('say how many charts each makes', () => {
    const charts = new Map(facetOptions(streams).map((option) => [option.facet, option.charts]))
    expect(charts.get('combined')).toBe(1)
    expect(charts.get('separate')).toBe(3)
    expect(charts.get('by:device')).toBe(2)
    expect(charts.get('by:hostname')).toBe(2)
    for (const [facet, count] of charts) expect(splitByFacet(streams, facet)).toHaveLength(count)
  })
  it('lose no line and repeat none', () => {
    for (const { facet } of facetOptions(streams)) {
      const keys = splitByFacet(streams, facet).flatMap((chart) => chart.streams.map((stream) => stream.key))
      expect(keys.sort()).toEqual(streams.map((stream) => stream.key).sort())
    }
  })
})

describe('the legend', () => {
  const all = ['a', 'b', 'c']
  const shown = (state: LegendState) => all.filter((key) => isShown(state, key))
  it('isolates with a click, and shows all with the next', () => {
    const alone = isolate(ALL_SHOWN, 'b')
    expect(shown(alone)).toEqual(['b'])
    expect(shown(isolate(alone, 'c'))).toEqual(['c'])
    expect(shown(isolate(alone, 'b'))).toEqual(all)
  })
  it('hides with Ctrl and a click', () => {
    const two = toggle(ALL_SHOWN, 'b', all)
    expect(shown(two)).toEqual(['a', 'c'])
    expect(shown(toggle(two, 'b', all))).toEqual(all)
  })
  it('adds to isolated lines with Ctrl and a click', () => {
    expect(shown(toggle(isolate(ALL_SHOWN, 'b'), 'c', all))).toEqual(['b', 'c'])
  })
  it('never hides everything', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.constantFrom(...all))), (clicks) => {
        let state = ALL_SHOWN
        for (const [ctrl, key] of clicks) state = ctrl ? toggle(state, key, all) : isolate(state, key)
        expect(shown(state).length).toBeGreaterThan(0)
        const text = legendToText(state)
        expect(shown(text === null ? ALL_SHOWN : legendFromText(text))).toEqual(shown(state))
      }),
    )
  })
  it('shows new lines beside hidden ones, and not beside isolated ones', () => {
    expect(isShown(toggle(ALL_SHOWN, 'a', all), 'new')).toBe(true)
    expect(isShown(isolate(ALL_SHOWN, 'a'), 'new')).toBe(false)
  })
})

describe('a chart', () => {
  const interval = { from: 0, to: 100 }
  it('has an axis a unit, two at most', () => {
    const streams = streamsOf(
      { metric: 'a', units: [['bytes'], []] },
      { metric: 'b', units: [['percent'], []] },
      { metric: 'c', units: [['bytes'], []] },
      { metric: 'd', units: [['ms'], []] },
    )
    const model = buildModel(streams, { kind: 'lines' }, interval, 300)
    expect(model.lines.map((line) => line.scale)).toEqual(['y', 'y2', 'y', 'y2'])
    expect(model.units).toHaveLength(2)
  })
  it('keeps the colour of a line when others come before it', () => {
    const known = new Map<string, number>()
    const build = (...metrics: string[]) =>
      buildModel(streamsOf(...metrics.map((metric) => ({ metric }))), { kind: 'lines' }, interval, 300, known)
    const before = build('b', 'c').lines.map((line) => line.color)
    const after = build('a', 'b', 'c').lines.map((line) => line.color)
    expect(before).toEqual([0, 1])
    expect(after).toEqual([2, 0, 1])
    expect(build('x').lines[0]?.color).toBe(0)
  })
  it('has an envelope where its only line stands for several samples', () => {
    const rolled = { times: [10, 20], values: [5, 6], spread: 2 }
    const one = buildModel(streamsOf(rolled), { kind: 'lines' }, interval, 300)
    expect(one.envelope).toEqual({ min: [3, 4], max: [7, 8] })
    expect(one.joined.columns).toEqual([[5, 6]])
    expect(buildModel(streamsOf(rolled, rolled), { kind: 'lines' }, interval, 300).envelope).toBeNull()
    expect(buildModel(streamsOf({ times: [10] }), { kind: 'lines' }, interval, 300).envelope).toBeNull()
  })
  it('begins its axis at zero unless all values are far above', () => {
    expect(axisRange(2, 10, { kind: 'lines' })[0]).toBe(0)
    expect(axisRange(90, 100, { kind: 'lines' })[0]).toBeGreaterThan(80)
    expect(axisRange(90, 100, { kind: 'lines', fromZero: true })[0]).toBe(0)
    expect(axisRange(90, 100, { kind: 'stack' })[0]).toBe(0)
    expect(axisRange(-5, 10, { kind: 'lines' })[0]).toBeLessThan(-5)
  })
  it('does not reach beyond its top unless a value does', () => {
    expect(axisRange(0, 99, { kind: 'stack', top: 100 })[1]).toBe(100)
    expect(axisRange(0, 130, { kind: 'stack', top: 100 })[1]).toBeGreaterThan(130)
  })
  it('has nothing to say beside zero where all is zero', () => {
    const lines = { kind: 'lines' } as const
    expect([isFlatZero(0, 0, lines), isFlatZero(null, null, lines)]).toEqual([true, true])
    expect([isFlatZero(0, 0.1, lines), isFlatZero(-1, 0, lines)]).toEqual([false, false])
    // Another chart beside it has the same axis, and values.
    expect(isFlatZero(0, 0, { ...lines, extent: [0, 5] })).toBe(false)
  })
  it('has an axis of some height for any values', () => {
    const value = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 })
    fc.assert(
      fc.property(value, value, fc.boolean(), (a, b, fromZero) => {
        const [low, high] = axisRange(Math.min(a, b), Math.max(a, b), { kind: 'lines', fromZero })
        expect(high).toBeGreaterThan(low)
      }),
    )
    expect(axisRange(null, null, { kind: 'lines' })).toEqual([0, 1])
  })
})

describe('the tooltip', () => {
  const values = [5, 1, 9, 7]
  const model = buildModel(
    streamsOf(...values.map((value, i) => ({ metric: `m${i}`, times: [10, 20], values: [value, value] }))),
    { kind: 'lines' },
    { from: 0, to: 100 },
    300,
  )
  const shown = [true, true, true, true]
  it('sorts by value', () => {
    expect(readoutAt(model, () => 0, shown, null, 10).rows.map((row) => row.line)).toEqual([2, 3, 0, 1])
  })
  it('is bounded, and always has the line under the pointer', () => {
    const readout = readoutAt(model, () => 0, shown, 1, 2)
    expect(readout.rows.map((row) => row.line)).toEqual([2, 1])
    expect(readout.more).toBe(2)
  })
  it('leaves hidden lines out', () => {
    expect(
      readoutAt(model, () => 0, [true, false, false, true], null, 10).rows.map((row) => row.line),
    ).toEqual([3, 0])
  })
  it('takes a point from one collection interval away, and not from further', () => {
    const [line] = model.lines
    if (!line) throw new Error('no line')
    expect(closeRow(model, line, 0, 19, 1)).toBe(0)
    expect(closeRow(model, line, 0, 21, 1)).toBeNull()
    expect(closeRow(model, line, 0, 40, 35)).toBe(0)
    expect(closeRow(model, line, null, 10, 1)).toBeNull()
  })
  it('says nothing in a gap', () => {
    const gap = buildModel(streamsOf({ times: [10, 90] }), { kind: 'lines' }, { from: 0, to: 100 }, 300)
    expect(valueAt(gap, 0, 1)).toBeNull()
    expect(valueAt(gap, 0, 0)).toBe(1)
    expect(valueAt(gap, 0, null)).toBeNull()
  })
})

describe('tables', () => {
  const streams = streamsOf(
    { metric: 'm10', times: [10, 20, 30], values: [1, 2, 6] },
    { metric: 'm9', times: [], values: [] },
    { metric: 'm2', times: [20], values: [4] },
  )
  it('sum up streams', () => {
    expect(summarize(streams)[0]).toMatchObject({ last: 6, min: 1, mean: 3, max: 6, points: 3 })
    expect(summarize(streams)[1]).toMatchObject({ last: null, points: 0 })
  })
  it('sort numbers in names as numbers, and empty rows last', () => {
    const labels = (column: 'label' | 'last', down: boolean) =>
      sortSummaries(summarize(streams), column, down).map((row) => row.label)
    expect(labels('label', false)).toEqual(['m2', 'm9', 'm10'])
    expect(labels('last', true)).toEqual(['m10', 'm2', 'm9'])
    expect(labels('last', false)).toEqual(['m2', 'm10', 'm9'])
  })
  it('list the newest points first, a bounded number of them', () => {
    const { rows, total } = pointRows(streams, 3)
    expect(total).toBe(4)
    expect(rows.map((row) => [row.time, row.stream])).toEqual([
      [30, 0],
      [20, 0],
      [20, 2],
    ])
  })
})

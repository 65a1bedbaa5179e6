import { describe, expect, it } from 'vitest'
import { createPartEntities } from '../../src/agent/collectors/collector.js'
import { createHostSource } from '../../src/agent/host.js'
import type { Host, Round } from '../../src/agent/round.js'
import { createRoundBuilder } from '../../src/agent/round.js'
import { encodeNativeBatch } from '../../src/wire/native-batch.js'
import { decodeBatch, host } from './support.js'

function rounds() {
  const builder = createRoundBuilder()
  let time = 0
  return (report: (round: Round) => void, of: Host = host) => {
    report(builder.begin((time += 1000), of))
    return decodeBatch(encodeNativeBatch(builder.finish()))
  }
}

const disk = { category: 'DISK', name: 'h1:sda', attributes: {} }

describe('a round', () => {
  it('becomes a batch with one stamp, without what is no number', () => {
    const { samples } = rounds()((round) => {
      round.report(host.entity, 'load_1', 1)
      round.report(host.entity, 'load_5', Number.NaN)
      round.report(disk, 'utilization', 50)
    })
    expect(samples).toEqual([
      { category: 'HOST', entity: 'h1', metric: 'load_1', time: 1000, value: 1 },
      { category: 'DISK', entity: 'h1:sda', metric: 'utilization', time: 1000, value: 50 },
    ])
  })

  it('keeps the dictionary of the one before, in whatever order and number its samples come', () => {
    const round = rounds()
    const first = round((to) => {
      to.report(host.entity, 'load_1', 1)
      to.report(disk, 'utilization', 2)
      to.report(host.entity, 'load_5', 3)
    })
    const second = round((to) => {
      to.report(disk, 'utilization', 4)
      to.report(host.entity, 'load_5', 5)
    })
    expect(second.header).toEqual(first.header)
    expect(second.samples.map(({ metric, value }) => [metric, value])).toEqual([
      ['utilization', 4],
      ['load_5', 5],
    ])
  })

  it('forgets an entity in the round after the first without it', () => {
    const round = rounds()
    const both = (to: Round) => {
      to.report(host.entity, 'load_1', 1)
      to.report(disk, 'utilization', 2)
    }
    const one = (to: Round) => to.report(host.entity, 'load_1', 1)
    round(both)
    expect(round(one).header.entities).toHaveLength(2)
    const { header } = round(one)
    expect(header.entities).toHaveLength(1)
    expect(header.metrics.map(({ name }) => name)).toEqual(['load_1'])
    expect(round(both).samples).toHaveLength(2)
  })

  it('carries a new host name with all of its entities at once, each under the name it had', () => {
    const round = rounds()
    const hostOf = createHostSource('h1', '/default')
    const partOf = createPartEntities('DISK')
    const report = (of: Host) => (to: Round) => {
      to.report(of.entity, 'load_1', 1)
      to.report(partOf(of, 'sda', { device: 'sda' }), 'utilization', 1)
    }
    round(report(hostOf('old')), hostOf('old'))
    const { header } = round(report(hostOf('new')), hostOf('new'))
    expect(header.sender).toBe('agent on new')
    expect(
      header.entities.map(({ name, displayName, attributes }) => [name, displayName, attributes.hostname]),
    ).toEqual([
      ['h1', 'new', 'new'],
      ['h1:sda', 'sda (new)', 'new'],
    ])
    expect(hostOf('new')).toBe(hostOf('new'))
  })

  it('has its host, and what is on it, in the rack and the cluster that the manager names', () => {
    const hostOf = createHostSource('h1', '/default')
    const moved = hostOf('node', { clusterName: 'prod', rackId: '/r1' })
    expect(moved.entity.attributes).toMatchObject({ clusterName: 'prod', rackId: '/r1' })
    expect(createPartEntities('DISK')(moved, 'sda', {}).attributes).toMatchObject({
      clusterName: 'prod',
      rackId: '/r1',
    })
    expect(hostOf('node', { clusterName: 'prod', rackId: '/r1' })).toBe(moved)
    expect(hostOf('node', {}).entity.attributes).toEqual(hostOf('node').entity.attributes)
  })

  it('does not take a metric that is not in the catalogue', () => {
    expect(() => rounds()((round) => round.report(host.entity, 'nonsense', 1))).toThrow(/nonsense/)
  })
})

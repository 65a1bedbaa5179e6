import { expect, it } from 'vitest'
import { type Command, placeOf, progressOf } from '../../web/src/format/command.js'
import { differenceOf } from '../../web/src/format/difference.js'

const step = (active: boolean, children?: Command[]): Command => ({
  id: 1,
  name: 'Start',
  startTime: '2026-03-01T08:00:00.000Z',
  active,
  ...(children ? { children: { items: children } } : {}),
})

it('counts the steps of a command that have no parts of their own', () => {
  const command = step(true, [step(false), step(true, [step(false), step(true), step(true)]), step(true, [])])
  expect(progressOf(command)).toEqual({ done: 2, all: 5 })
  expect(progressOf(step(false))).toEqual({ done: 1, all: 1 })
})

it('says where a command works', () => {
  const { id, name, startTime, active } = step(true)
  const command = {
    id,
    name,
    startTime,
    active,
    clusterRef: { clusterName: 'c1', displayName: 'Cluster 1' },
    serviceRef: { serviceName: 'zk' },
    hostRef: { hostId: 'h', hostname: 'node1' },
  }
  expect(placeOf(command)).toBe('Cluster 1 · zk · node1')
})

it('shows the lines of a file that differ', () => {
  expect(differenceOf('a=1\nb=2\nc=3\n', 'a=1\nb=4\nc=3\nd=5\n')).toBe('- b=2\n+ b=4\n+ d=5')
  expect(differenceOf('', 'a=1\n')).toContain('+ a=1')
  expect(differenceOf('a\nb', 'b\na')).toMatch(/order/)
})

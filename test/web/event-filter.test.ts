import { describe, expect, it } from 'vitest'
import { parseFilter } from '../../src/health/events/filter.js'
import { eventFilterFromText, eventFilterToText, eventQuery } from '../../web/src/query/event-filter.js'

const day = { from: Date.UTC(2026, 10, 20), to: Date.UTC(2026, 10, 21) }
const time = 'timeOccurred=ge=2026-11-20T00:00:00.000Z;timeOccurred=lt=2026-11-21T00:00:00.000Z'

describe('the filter of the events page', () => {
  it('becomes a query of the API', () => {
    expect(eventQuery({}, day)).toBe(time)
    expect(eventQuery({ text: 'disk "read error" 100%', alert: 'yes', host: 'node7*' }, day)).toBe(
      `alert==true;content==disk;content=="read error";content==100%;attributes.host==node7*;${time}`,
    )
    expect(eventQuery({ severity: 'CRITICAL IMPORTANT', cluster: 'Cluster 1' }, day)).toBe(
      `severity==CRITICAL IMPORTANT;attributes.cluster=="Cluster 1";${time}`,
    )
  })

  it('whatever is typed is a query that the API reads, with that text as its value', () => {
    for (const text of ['a;b', 'x\\', '"', '""', ' ', 'a"b', '\\"', '=lt=', 'alert==false', '"a;b\\"']) {
      const constraints = parseFilter(eventQuery({ text, host: text, category: 'LOG_EVENT' }, day))
      expect(constraints.filter(({ kind }) => kind === 'time')).toHaveLength(2)
      expect(constraints.map(({ kind }) => kind)).not.toContain('alert')
    }
    const [, , host] = parseFilter(eventQuery({ text: 'a', host: 'a"; b\\', alert: '' }, day)).reverse()
    expect(host).toMatchObject({ kind: 'attribute', values: [{ text: 'a"; b\\', quoted: true }] })
  })

  it('is in the address', () => {
    const filter = { text: 'a&b="c"', severity: 'CRITICAL', role: 'zk-1' }
    expect(eventFilterFromText(eventFilterToText(filter))).toEqual(filter)
    expect(eventFilterFromText('nonsense=1&host=%20')).toEqual({})
  })
})

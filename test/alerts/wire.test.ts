import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ALERT_LIMITS, cleanText, readAlertEvents } from '../../src/wire/alert.js'
import { codePoint } from '../code-points.js'
import { health } from './support.js'

describe('alerts that come in', () => {
  test('are read as they were sent', () => {
    const event = health('a', 'RED')
    expect(readAlertEvents(JSON.parse(JSON.stringify(event)))).toEqual({ events: [event], refused: [] })
  })

  test('a bad one among good ones costs only itself, and is named', () => {
    const good = health('a', 'RED')
    const { events, refused } = readAlertEvents([
      good,
      { ...good, id: 'x', severity: 'LOUD' },
      7,
      { ...good, id: 'two words' },
      { ...good, health: undefined },
      { ...good, time: 'now' },
      { ...good, entity: { ...good.entity, name: 'a\nb' } },
    ])
    expect(events).toEqual([good])
    expect(refused.map(({ index, reason }) => [index, reason.slice(0, 30)])).toEqual([
      [1, 'severity is not one of INFORMA'],
      [2, 'is not an object'],
      [3, 'id is not a text of 1 to 200 p'],
      [4, 'health is missing, which a HEA'],
      [5, 'time is not a number of millis'],
      [6, 'entity.name holds control char'],
    ])
  })

  test('sentences lose line breaks and direction marks, and are cut where they are too long', () => {
    const event = { ...health('a', 'RED'), summary: `bad\r\nBcc: x@y\u202e${'z'.repeat(5_000)}` }
    const [read] = readAlertEvents(event).events
    expect(read!.summary).toMatch(/^bad Bcc: x@y z+…$/)
    expect(read!.summary.length).toBeLessThanOrEqual(ALERT_LIMITS.sentence)
  })

  test('an address that is not http is left out', () => {
    const urls = ['javascript:alert(1)', 'data:text/html,x', 'no url', 5]
    for (const url of urls) expect(readAlertEvents({ ...health('a', 'RED'), url }).events[0]!.url).toBe('')
  })

  test('too many are refused as a whole', () => {
    expect(() => readAlertEvents(new Array(ALERT_LIMITS.events + 1).fill({}))).toThrow(RangeError)
  })

  test('no JSON makes it throw or let a control character through', () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        readAlertEvents(Array.isArray(body) ? body.slice(0, 10) : body)
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: codePoint }), (text) => {
        expect(cleanText(text, 100)).not.toMatch(/[\p{Cc}\u202e]/u)
        expect(cleanText(text, 100).length).toBeLessThanOrEqual(100)
      }),
    )
  })
})

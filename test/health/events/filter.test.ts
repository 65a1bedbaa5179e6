import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventQueryError } from '../../../src/health/events/errors.js'
import { isOnlyNegative, parseFilter } from '../../../src/health/events/filter.js'
import { filterSql } from '../../../src/health/events/filter-sql.js'

const problemOf = (query: string): [string, number, number] => {
  try {
    parseFilter(query)
  } catch (error) {
    const { message, offset, length } = error as EventQueryError
    return [message, offset, length]
  }
  throw new Error(`${query} was read`)
}

describe('a query of /events', () => {
  test('reads the examples of the published documentation', () => {
    for (const query of [
      'alert==true',
      'alert==true;attributes.host!=flaky.mysite.com',
      'category==log_event;attributes.log_level==ERROR',
      'attributes.service==hbase1;content==hlog',
      'attributes.service==hbase1;content!=hlog',
      'attributes.role_type==NAMENODE;severity==critical important',
      'severity==critical;timeReceived=ge=2012-05-04T00:00;timeReceived=lt=2012-05-04T00:10',
    ])
      expect(parseFilter(query).length).toBe(query.split(';').length)
  })

  test('times without a zone are UTC', () => {
    const [constraint] = parseFilter('timeReceived=ge=2012-05-04T00:00')
    expect(constraint).toEqual({
      kind: 'time',
      field: 'received',
      operator: '>=',
      time: Date.UTC(2012, 4, 4),
    })
    expect(parseFilter('timeOccurred=lt="2012-05-04T02:00:00.5+02:00"')).toMatchObject([
      { field: 'occurred', operator: '<', time: Date.UTC(2012, 4, 4) + 500 },
    ])
  })

  test('a host is searched among the hosts of an event', () => {
    expect(parseFilter('attributes.host==a;attributes.Role_Type==B')).toMatchObject([
      { name: 'HOSTS' },
      { name: 'ROLE_TYPE' },
    ])
  })

  test('quotes hold blanks, semicolons and stars', () => {
    expect(parseFilter('content=="a; b*" c*;alert==true')).toMatchObject([
      {
        values: [
          { text: 'a; b*', quoted: true },
          { text: 'c*', quoted: false },
        ],
      },
      { kind: 'alert' },
    ])
  })

  test('mistakes are named with their place', () => {
    expect(problemOf('alert==true;colour==red')).toEqual([
      expect.stringContaining('There is no field "colour"'),
      12,
      11,
    ])
    expect(problemOf('severity==dreadful')[0]).toContain(
      'There is no severity "dreadful": UNKNOWN, INFORMATIONAL',
    )
    expect(problemOf('severity=gt=critical')[0]).toContain('=gt= compares times')
    expect(problemOf('category')).toEqual([expect.stringContaining('After category'), 8, 0])
    expect(problemOf('content==')[0]).toContain('has no value')
    expect(problemOf('content=="open')).toEqual([expect.stringContaining('is not closed'), 9, 5])
    expect(problemOf('timeOccurred==yesterday')[0]).toContain('ISO 8601')
    expect(problemOf('attributes.==x')[0]).toContain('There is no field')
  })

  test('only negative constraints have nothing to take away from', () => {
    expect(isOnlyNegative(parseFilter('alert!=true;content!=x'))).toBe(true)
    expect(isOnlyNegative(parseFilter('alert==false;content!=x'))).toBe(false)
    expect(isOnlyNegative([])).toBe(false)
  })

  test('whatever is sent is either read or refused with a place inside the text', () => {
    const parts = fc.constantFrom(
      'category',
      'content',
      '==',
      '!=',
      '=ge=',
      ';',
      '"',
      '\\',
      ' ',
      '*',
      "'",
      'x',
      'ü',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(parts, { maxLength: 20 }).map((all) => all.join('')),
        ),
        (query) => {
          try {
            parseFilter(query)
          } catch (error) {
            expect(error).toBeInstanceOf(EventQueryError)
            const { offset, length } = error as EventQueryError
            expect(offset).toBeGreaterThanOrEqual(0)
            expect(offset + length).toBeLessThanOrEqual(query.length)
          }
        },
      ),
    )
  })

  test('no text of a query becomes part of the statement', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((text) => !/[\s;"\\]/.test(text)),
        (text) => {
          const marked = `Q7${text}Q7`
          const query = `content==${marked} "${marked}";attributes.a==${marked};id==${marked};content==*${marked}`
          const { where, params } = filterSql(parseFilter(query), () => [])
          expect(where).not.toContain('Q7')
          expect(where).not.toContain('q7')
          expect(JSON.stringify(params)).toContain('Q7')
        },
      ),
    )
  })
})

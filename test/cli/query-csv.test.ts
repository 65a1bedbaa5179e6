import { expect, test } from 'vitest'
import { csvLines, headerWarnings } from '../../src/cli/query-csv.js'

test('warnings are taken out of the rows, wherever the pieces are cut', () => {
  const text =
    'entityName,metricName,timestamp,value\na,"# warning: no",t,1\n# warning: one\n# warning: two\u001b[2J\n'
  for (let cut = 0; cut <= text.length; cut++) {
    const warnings: string[] = []
    const lines = csvLines((warning) => warnings.push(warning))
    const rows = lines.rows(text.slice(0, cut)) + lines.rows(text.slice(cut)) + lines.rest()
    expect(rows).toBe('entityName,metricName,timestamp,value\na,"# warning: no",t,1\n')
    expect(warnings).toEqual(['one', 'two�[2J'])
  }
})

test('a last line without its end is given too', () => {
  const lines = csvLines(() => undefined)
  expect(lines.rows('a,b\nc,d') + lines.rest()).toBe('a,b\nc,d')
})

test('the header is a list of texts, or nothing', () => {
  expect(headerWarnings('["There is no metric \\u201cx\\u201d."]')).toEqual(['There is no metric “x”.'])
  for (const wrong of [null, '', 'x', '{}', '5']) expect(headerWarnings(wrong)).toEqual([])
})

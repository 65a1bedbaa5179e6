import { describe, expect, it } from 'vitest'
import { parseScript } from '../../src/query/syntax/index.js'
import { EXAMPLES } from '../../web/src/dashboards/examples.js'
import { ALL_HOSTS_DASHBOARD, HOST_DASHBOARD, HOSTS_QUERY } from '../../web/src/dashboards/host.js'
import { dashboardQuery, fillVariables } from '../../web/src/dashboards/variables.js'

const problemsOf = (query: string) => parseScript(query).problems

describe('dashboards', () => {
  for (const dashboard of [HOST_DASHBOARD, ALL_HOSTS_DASHBOARD]) {
    it(`${dashboard.title}: is a valid query with one statement a chart`, () => {
      const query = dashboardQuery(dashboard, { HOSTID: 'h-1' })
      expect(problemsOf(query)).toEqual([])
      expect(query.split(';')).toHaveLength(dashboard.charts.length)
      expect(query).not.toContain('$')
    })
    it(`${dashboard.title}: has charts whose ids fit in an address and are unique`, () => {
      const ids = dashboard.charts.map((chart) => chart.id)
      expect(new Set(ids).size).toBe(ids.length)
      for (const id of ids) expect(id).toMatch(/^[a-z0-9-]{1,40}$/)
    })
  }

  it('ask for hosts with a valid query', () => expect(problemsOf(HOSTS_QUERY)).toEqual([]))

  it.each(EXAMPLES.map((example) => [example.title, example.query]))('example: %s', (_, query) => {
    expect(problemsOf(query)).toEqual([])
  })
})

describe('variables', () => {
  it.each(['h-1', 'a"b', "a'b", '"; select * where x="', 'both \' and "'])(
    'stay one value, whatever they are: %j',
    (id) => {
      const query = fillVariables('select load_1 where hostId = $HOSTID', { HOSTID: id })
      expect(problemsOf(query)).toEqual([])
    },
  )
  it('that nobody knows stay', () => {
    expect(fillVariables('select a where b = $OTHER', { HOSTID: 'x' })).toContain('$OTHER')
  })
})

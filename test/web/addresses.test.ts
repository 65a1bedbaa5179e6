import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apiAddress, apiCommand } from '../../web/src/api/address.js'
import { DEFAULT_VIEW, type ViewState, viewFromSearch, viewToSearch } from '../../web/src/state/view.js'

const key = fc.stringMatching(/^[a-z0-9]{1,9}$/)
const range = fc.constantFrom(
  { from: 'now-6h', to: 'now' },
  { from: '2026-11-20T06:00:00.000Z', to: '2026-11-20T07:00:00.000Z' },
)
const legend = fc.record({
  mode: fc.constantFrom('hide' as const, 'only' as const),
  keys: fc.uniqueArray(key, { minLength: 1, maxLength: 5 }),
})
const view: fc.Arbitrary<ViewState> = fc.record({
  page: fc.constantFrom('hosts' as const, 'charts' as const),
  host: fc.option(fc.string({ minLength: 1, maxLength: 50 })),
  entity: fc.option(fc.string({ minLength: 1, maxLength: 50 })),
  query: fc.string({ maxLength: 200, unit: 'grapheme' }),
  range: fc.option(range),
  home: fc.option(fc.oneof(range, fc.constant('default' as const))),
  refresh: fc.option(fc.nat(3600)),
  facet: fc.oneof(
    fc.constantFrom('combined', 'separate'),
    fc.string({ maxLength: 20 }).map((name) => `by:${name}`),
  ),
  limit: fc.option(fc.integer({ min: 1, max: 99_999 })),
  view: fc.constantFrom('lines' as const, 'stack' as const, 'summary' as const, 'points' as const),
  sameScale: fc.boolean(),
  utc: fc.boolean(),
  legends: fc.dictionary(fc.stringMatching(/^[a-z0-9-]{1,12}$/), legend, { maxKeys: 4 }),
})

describe('the address of a page', () => {
  it('gives back the whole view', () => {
    fc.assert(
      fc.property(view, (state) => {
        const legends = { ...state.legends }
        expect(viewFromSearch(viewToSearch(state))).toEqual({ ...state, legends })
      }),
    )
  })

  it('is empty for the default view', () => expect(viewToSearch(DEFAULT_VIEW)).toBe(''))

  it('keeps a query with everything that addresses treat specially', () => {
    const query = 'select 100 * a + b / c as "ü & ?" where x = "<img src=x onerror=alert(1)>";\nselect d'
    const state = { ...DEFAULT_VIEW, page: 'charts' as const, query }
    expect(viewFromSearch(viewToSearch(state)).query).toBe(query)
  })

  it('reads anything without throwing, and drops what makes no sense', () => {
    fc.assert(fc.property(fc.string(), (text) => void viewFromSearch(text)))
    const odd = viewFromSearch(
      '?page=x&from=soon&to=never&refresh=-1&view=pie&facet=odd&home=~&limit=0&s.cpu=!!&s.<b>=a&tz=mars',
    )
    expect(odd).toEqual(DEFAULT_VIEW)
  })

  it('bounds what it takes from an address', () => {
    expect(viewFromSearch(`?query=${'x'.repeat(100_000)}`).query.length).toBe(20_000)
    const many = Array.from({ length: 2000 }, (_, i) => `s.c${i}=a`).join('&')
    expect(Object.keys(viewFromSearch(`?${many}`).legends).length).toBe(300)
  })
})

describe('the address of an answer', () => {
  const asked = (query: string, utc = true) => ({ query, interval: { from: 0, to: 60_000 }, utc })

  it('keeps the prefix under which the page is served', () => {
    const address = new URL(apiAddress('http://h:7180/bw/?page=charts', asked('select a+b'), 'text/csv'))
    expect(address.pathname).toBe('/bw/api/v45/timeseries')
    expect(address.searchParams.get('query')).toBe('select a+b')
    expect(address.search).toContain('%2B')
    expect(address.searchParams.get('contentType')).toBe('text/csv')
    expect(address.searchParams.get('to')).toBe('1970-01-01T00:01:00.000Z')
  })

  it('says the time zone only where the query needs one', () => {
    const zone = (query: string, utc: boolean) =>
      new URL(apiAddress('http://h/', asked(query, utc), 'text/csv')).searchParams.get('timeZone')
    expect(zone('select a where hour in [9:17]', true)).toBe('UTC')
    expect(zone('select a where day in (1)', false)).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone)
    expect(zone('select a', true)).toBeNull()
  })

  it('quotes the command for a shell', () => {
    const command = apiCommand('http://h/', asked("select a where b = 'c; rm -rf $HOME'"), 'application/json')
    expect(command).toContain(`'query=select a where b = '\\''c; rm -rf $HOME'\\'''`)
  })
})

/** All that a page shows, and the address that says it. The theme is not part of it: it belongs to the reader. */

import { ALL_SHOWN, type LegendState, legendFromText, legendToText } from '../chart/legend.js'
import { parseTime, type TimeRange } from './time.js'

export type Page = 'hosts' | 'charts' | 'health' | 'events' | 'alerts' | 'commands' | 'cardinality'
const PAGES: readonly Page[] = ['hosts', 'charts', 'health', 'events', 'alerts', 'commands', 'cardinality']
export type ChartView = 'lines' | 'stack' | 'summary' | 'points'

export interface ViewState {
  readonly page: Page
  /** The host's id; null for the page's own choice. */
  readonly host: string | null
  /** Whose health is looked at, such as `ROLE/zk-SERVER-1`; null for nobody's. */
  readonly entity: string | null
  /** Of the chart builder; on the events page its filter. */
  readonly query: string
  /** Null for the page's default range. */
  readonly range: TimeRange | null
  /** The range before the first zoom, to which a double click goes back; `default` for the page's own; null when not zoomed. */
  readonly home: TimeRange | 'default' | null
  /** Seconds; 0 for off, null for the default. */
  readonly refresh: number | null
  readonly facet: string
  /** Streams of a statement at the most; null for the server's own limit. */
  readonly limit: number | null
  readonly view: ChartView
  /** All charts of a faceted answer have the same value axis. */
  readonly sameScale: boolean
  readonly utc: boolean
  /** By chart. */
  readonly legends: Readonly<Record<string, LegendState>>
}

export const DEFAULT_VIEW: ViewState = {
  page: 'hosts',
  host: null,
  entity: null,
  query: '',
  range: null,
  home: null,
  refresh: null,
  facet: 'combined',
  limit: null,
  view: 'lines',
  sameScale: false,
  utc: false,
  legends: {},
}

export const DEFAULT_REFRESH_SECONDS = 10
export const MOST_QUERY_CHARACTERS = 20_000
const MOST_LEGENDS = 300
const VIEWS: readonly ChartView[] = ['lines', 'stack', 'summary', 'points']
const LEGEND_PREFIX = 's.'

/** Reads an address's query part. What cannot be read is as if it were not there; nothing throws. */
export function viewFromSearch(search: string): ViewState {
  const params = new URLSearchParams(search)
  const refresh = params.get('refresh')
  const view = params.get('view') as ChartView | null
  const facet = params.get('facet') ?? ''
  const limit = params.get('limit') ?? ''
  const home = params.get('home')
  return {
    page: PAGES.find((page) => page === params.get('page')) ?? 'hosts',
    host: (params.get('host') ?? '').slice(0, 1000) || null,
    entity: (params.get('entity') ?? '').slice(0, 1000) || null,
    query: (params.get('query') ?? '').slice(0, MOST_QUERY_CHARACTERS),
    range: rangeFromText(params.get('from'), params.get('to')),
    home: home === 'default' ? 'default' : rangeFromText(...splitRange(home)),
    refresh: refresh !== null && /^\d{1,6}$/.test(refresh) ? Number(refresh) : null,
    facet: facet === 'separate' || facet.startsWith('by:') ? facet.slice(0, 200) : 'combined',
    limit: /^[1-9]\d{0,4}$/.test(limit) ? Number(limit) : null,
    view: view !== null && VIEWS.includes(view) ? view : 'lines',
    sameScale: params.get('scale') === 'same',
    utc: params.get('tz') === 'utc',
    legends: legendsFrom(params),
  }
}

/** The address's query part for a view: `''` for the default one, otherwise with its question mark. */
export function viewToSearch(state: ViewState): string {
  const params = new URLSearchParams()
  if (state.page !== 'hosts') params.set('page', state.page)
  if (state.host !== null) params.set('host', state.host)
  if (state.entity !== null) params.set('entity', state.entity)
  if (state.query !== '') params.set('query', state.query)
  if (state.range) {
    params.set('from', state.range.from)
    params.set('to', state.range.to)
  }
  if (state.home !== null)
    params.set('home', state.home === 'default' ? 'default' : `${state.home.from}~${state.home.to}`)
  if (state.refresh !== null) params.set('refresh', String(state.refresh))
  if (state.facet !== 'combined') params.set('facet', state.facet)
  if (state.limit !== null) params.set('limit', String(state.limit))
  if (state.view !== 'lines') params.set('view', state.view)
  if (state.sameScale) params.set('scale', 'same')
  if (state.utc) params.set('tz', 'utc')
  for (const [chart, legend] of Object.entries(state.legends)) {
    const text = legendToText(legend)
    if (text !== null) params.set(LEGEND_PREFIX + chart, text)
  }
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}

function legendsFrom(params: URLSearchParams): Record<string, LegendState> {
  const legends: Record<string, LegendState> = {}
  let count = 0
  for (const [name, value] of params) {
    const chart = name.slice(LEGEND_PREFIX.length)
    if (!name.startsWith(LEGEND_PREFIX) || !/^[a-z0-9-]{1,40}$/.test(chart)) continue
    const legend = legendFromText(value.slice(0, 20_000))
    if (legend !== ALL_SHOWN && count++ < MOST_LEGENDS) legends[chart] = legend
  }
  return legends
}

const splitRange = (text: string | null): [string | null, string | null] => {
  const [from, to] = (text ?? '').split('~')
  return [from ?? null, to ?? null]
}

function rangeFromText(from: string | null, to: string | null): TimeRange | null {
  if (from === null) return null
  const range = { from, to: to ?? 'now' }
  const readable = (text: string) => text.length <= 100 && parseTime(text, 0, true) !== null
  return readable(range.from) && readable(range.to) ? range : null
}

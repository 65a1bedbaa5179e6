import type { Label } from '../naming.js'

/**
 * StatsD lines: `name:value|type[|@rate][|#tag:value,…]`, with DogStatsD's several values (`name:1:2|c`) and InfluxDB's tags
 * behind the name (`name,tag=value:1|c`).
 */
export type StatsdType = 'c' | 'g' | 'ms' | 's'

export interface StatsdLine {
  /** Name, type and tags as they stand: lines with the same key are of the same metric. */
  key: string
  name: string
  labels: Label[]
  type: StatsdType
  /** Numbers, or for sets their members. */
  values: string[]
  /** What share of the events is sent; 0 < rate ≤ 1. */
  rate: number
}

/** Histograms and distributions are what timers are. */
const TYPES: Readonly<Record<string, StatsdType>> = {
  c: 'c',
  m: 'c',
  g: 'g',
  ms: 'ms',
  h: 'ms',
  d: 'ms',
  s: 's',
}

/** Reads one line; a text says what is wrong with it, undefined means that it is not a metric (an event, a check). */
export function parseStatsd(line: string): StatsdLine | string | undefined {
  if (line.startsWith('_e{') || line.startsWith('_sc|')) return undefined
  const colon = line.indexOf(':')
  if (colon < 1) return 'expected name:value|type'
  const [values = '', typeName = '', ...sections] = line.slice(colon + 1).split('|')
  const type = TYPES[typeName]
  if (type === undefined) return 'the type is none of c, g, ms, h, d, s'
  const [name = '', ...pairs] = line.slice(0, colon).split(',')
  let rate = 1
  let tags = ''
  for (const section of sections) {
    if (section.startsWith('@')) rate = Number(section.slice(1))
    else if (section.startsWith('#')) tags = section.slice(1)
  }
  if (!(rate > 0 && rate <= 1)) return 'the sample rate is not above 0 and at most 1'
  const labels: Label[] = []
  for (const pair of pairs) labels.push(label(pair, '='))
  for (const tag of tags === '' ? [] : tags.split(',')) labels.push(label(tag, ':'))
  return {
    key: `${line.slice(0, colon)}|${type}|${tags}`,
    name,
    labels,
    type,
    values: type === 's' ? [values] : values.split(':'),
    rate,
  }
}

/** A tag without a value is a flag. */
function label(text: string, separator: string): Label {
  const at = text.indexOf(separator)
  return at < 0 ? { name: text, value: 'true' } : { name: text.slice(0, at), value: text.slice(at + 1) }
}

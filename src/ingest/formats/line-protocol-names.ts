import { ByteCache } from '../byte-cache.js'
import { fieldMetricName, type Label } from '../naming.js'
import type { Registrar } from '../registrar.js'

/** What the line protocol decoder remembers of measurements, tags and fields: which series their bytes stand for. */

/** The fields of one measurement in the order in which they were first seen. */
export interface Layout {
  measurement: string
  /** Keys with their `=`, one after the other. */
  view: DataView
  used: number
  /** One more than there are fields: where the keys begin in `view`. */
  offsets: number[]
  /** Key (latin1, with its `=`) to position. */
  positions: Map<string, number>
  /** Metric by position; -1 before the first use. */
  metrics: number[]
}

export interface TagSet {
  layout: Layout
  entity: number
  /** Series by position of the layout; -1 before the first use. */
  series: number[]
  /** How many series of the first positions follow one on another, as those that were registered together do: a look less. */
  run: number
  /** The series of the first position, when there is such a run. */
  first: number
  /** Where the kernel keeps the line, and since which of its ages. */
  line: number
  age: number
}

const FIRST_KEYS = 256
const LAYOUT_FIELDS = 4096
const LAYOUT_BYTES = 16 * 1024 * 1024
/** Guesses at what a layout, a field of it, and a `TagSet` cost in the heap. */
const LAYOUT_COST = 1024
const FIELD_COST = 120
const TAG_SET_COST = 200
const utf8 = new TextDecoder('utf-8', { fatal: true })

export class NameCache {
  readonly tagSets: ByteCache<TagSet>
  readonly #layouts = new Map<string, Layout>()
  #layoutBytes = 0

  constructor(maxBytes: number) {
    this.tagSets = new ByteCache<TagSet>(maxBytes, TAG_SET_COST)
  }

  /** Parses measurement and tags and registers their entity; undefined when the registrar refuses, which says why. */
  parse(body: Uint8Array, start: number, end: number, registrar: Registrar): TagSet | undefined {
    let text: string
    try {
      text = utf8.decode(body.subarray(start, end))
    } catch {
      registrar.refuse('encoding', 'measurement or tags are not UTF-8')
      return undefined
    }
    const [measurement = '', ...pairs] = splitUnescaped(text, ',')
    if (measurement === '') {
      registrar.refuse('name', 'the line has no measurement')
      return undefined
    }
    const tags: Label[] = []
    for (const pair of pairs) {
      const [name = '', value = '', ...more] = splitUnescaped(pair, '=')
      if (name === '' || value === '' || more.length > 0) {
        registrar.refuse('syntax', 'expected tag=value in every tag')
        return undefined
      }
      tags.push({ name: unescaped(name), value: unescaped(value) })
    }
    const entity = registrar.entity(tags)
    return entity < 0
      ? undefined
      : {
          layout: this.#layout(unescaped(measurement)),
          entity,
          series: [],
          run: 0,
          first: 0,
          line: 0,
          age: 0,
        }
  }

  #layout(measurement: string): Layout {
    const known = this.#layouts.get(measurement)
    if (known !== undefined) return known
    this.#spend(LAYOUT_COST + measurement.length)
    const view = new DataView(new ArrayBuffer(FIRST_KEYS))
    const layout = { measurement, view, used: 0, offsets: [0], positions: new Map(), metrics: [] }
    this.#layouts.set(measurement, layout)
    return layout
  }

  /** Layouts are few, unless a sender invents names: then everything is forgotten and learnt anew. */
  #spend(bytes: number): void {
    this.#layoutBytes += bytes
    if (this.#layoutBytes < LAYOUT_BYTES) return
    this.#layoutBytes = bytes
    this.#layouts.clear()
    this.tagSets.clear()
  }

  /** The position of the field whose key with its `=` is at `start` … `end`; -1: too long, -2: too many fields. */
  position(layout: Layout, body: Uint8Array, start: number, end: number, nameLength: number): number {
    const key = Buffer.from(body.buffer, body.byteOffset + start, end - start).toString('latin1')
    const known = layout.positions.get(key)
    if (known !== undefined) return known
    const size = end - start
    if (size > 4 * nameLength) return -1
    if (layout.metrics.length >= LAYOUT_FIELDS) return -2
    if (layout.used + size > layout.view.byteLength) {
      const larger = new Uint8Array(Math.max(layout.used + size, 2 * layout.view.byteLength))
      larger.set(new Uint8Array(layout.view.buffer, 0, layout.used))
      layout.view = new DataView(larger.buffer)
    }
    new Uint8Array(layout.view.buffer).set(body.subarray(start, end), layout.used)
    layout.used += size
    layout.offsets.push(layout.used)
    layout.positions.set(key, layout.metrics.length)
    layout.metrics.push(-1)
    this.#spend(FIELD_COST + 3 * size)
    return layout.metrics.length - 1
  }

  /** The series of a tag set's field, registered on first use; -1 when the registrar refuses it. */
  series(set: TagSet, position: number, registrar: Registrar): number {
    const known = set.series[position]
    if (known !== undefined && known >= 0) return known
    const metric = this.#metric(set.layout, position, registrar)
    if (metric < 0) return -1
    const series = registrar.series(metric, set.entity)
    if (series < 0) return -1
    const before = set.series.length
    while (set.series.length <= position) set.series.push(-1)
    this.tagSets.charge(16 * (set.series.length - before))
    set.series[position] = series
    set.first = set.series[0]!
    while (set.first >= 0 && set.series[set.run] === set.first + set.run) set.run++
    return series
  }

  #metric(layout: Layout, position: number, registrar: Registrar): number {
    const known = layout.metrics[position]!
    if (known >= 0) return known
    const from = layout.offsets[position]!
    const key = new Uint8Array(layout.view.buffer, from, layout.offsets[position + 1]! - from - 1)
    let field: string
    try {
      field = utf8.decode(key)
    } catch {
      return registrar.refuse('encoding', 'the name of a field is not UTF-8')
    }
    const metric = registrar.metric({ name: fieldMetricName(layout.measurement, unescaped(field)) })
    if (metric >= 0) layout.metrics[position] = metric
    return metric
  }
}

/** Removes the backslash before the characters that the format escapes in names and tags. */
const unescaped = (text: string) => (text.includes('\\') ? text.replace(/\\([,= ])/g, '$1') : text)

function splitUnescaped(text: string, separator: ',' | '='): string[] {
  const parts: string[] = []
  let from = 0
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === separator) {
      parts.push(text.slice(from, i))
      from = i + 1
    }
  }
  parts.push(text.slice(from))
  return parts
}

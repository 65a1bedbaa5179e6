/** `GET /api/vN/timeseries/complete?query=…&offset=…`: what can be typed at a place of a query that is being written. */

export type CompletionKind =
  | 'keyword'
  | 'function'
  | 'metric'
  | 'attribute'
  | 'value'
  | 'collection'
  | 'unit'
  | 'symbol'
  | 'word'

export interface CompletionItem {
  /** Replaces the characters from `from` to `to`; quotes included where they are needed. */
  text: string
  kind: CompletionKind
  /** One line: a metric's description, a function's summary. */
  help?: string
}

export interface CompletionAnswer {
  /** The characters that every item replaces, as offsets from 0. */
  from: number
  to: number
  /** Best first; at most 50. */
  items: CompletionItem[]
}

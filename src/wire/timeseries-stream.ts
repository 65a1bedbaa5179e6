import type { Rollup } from './timeseries.js'

/** A piece of a stream's `expression`: text as it is, or an attribute of the stream's entity, quoted or plain. */
export type ExpressionPiece = string | { quoted: string } | { plain: string }

/** What all streams of one select item have in common. */
export interface StreamTemplate {
  metricName: string
  alias?: string
  unitNumerators: string[]
  unitDenominators: string[]
  rollupUsed: Rollup
  expression: ExpressionPiece[]
}

export interface ItemHead {
  timeSeriesQuery: string
  /** ISO 8601 with milliseconds, as in the JSON form. */
  startTime: string
  endTime: string
}

/** Stands for an irregular frequency in a frame of streams. */
export const NO_FREQUENCY = 0xffff_ffff

/** How a value stands in a query: in double quotes; a quote in it, and backslashes before a quote, get a backslash. */
export function quoteValue(text: string): string {
  if (!text.includes('"') && !text.endsWith('\\')) return `"${text}"`
  return `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`
}

/** The `expression` of a stream of a template, with what the entity contributes. */
export function expressionText(
  pieces: readonly ExpressionPiece[],
  attributes: Readonly<Record<string, string>>,
): string {
  let text = ''
  for (const piece of pieces)
    if (typeof piece === 'string') text += piece
    else if ('quoted' in piece) text += quoteValue(attributes[piece.quoted] ?? '')
    else text += attributes[piece.plain] ?? ''
  return text
}

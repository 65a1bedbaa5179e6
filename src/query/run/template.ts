import type { Rollup } from '../../wire/timeseries.js'
import type { ExpressionPiece, StreamTemplate } from '../../wire/timeseries-columns.js'
import type { Units } from '../check/units.js'
import type { Statement } from '../syntax/index.js'
import { quote } from '../syntax/index.js'

/** What all streams of an item share. */
export function templateOf(
  item: { text: string; alias?: string; expression: { units: Units } },
  statement: Statement,
  rollupUsed: Rollup,
  where: readonly ExpressionPiece[],
): StreamTemplate {
  const { text, alias, expression } = item
  const select = alias === undefined ? `SELECT ${text}` : `SELECT ${text} AS ${quote(alias)}`
  const from = statement.from === undefined ? '' : ` FROM ${statement.from.name}`
  const condition: ExpressionPiece[] = where.length === 0 ? [] : [' WHERE ', ...where]
  return {
    metricName: text,
    ...(alias !== undefined && { alias }),
    unitNumerators: [...expression.units.numerators],
    unitDenominators: [...expression.units.denominators],
    rollupUsed,
    expression: merged([select + from, ...condition, tail(statement)]),
  }
}

/** The condition that only one entity fulfils. */
export const OF_ENTITY: readonly ExpressionPiece[] = [
  'entityName = ',
  { quoted: 'entityName' },
  ' AND category = ',
  { plain: 'category' },
]

function tail({ days, hours }: Statement): string {
  const day = days === undefined ? '' : ` DAY IN (${days.days.join(', ')})`
  const hour = hours === undefined ? '' : ` HOUR IN [${hours.from}:${hours.to}]`
  return day + hour
}

/** Neighbouring texts made one. */
function merged(pieces: readonly ExpressionPiece[]): ExpressionPiece[] {
  const out: ExpressionPiece[] = []
  for (const piece of pieces) {
    const last = out.at(-1)
    if (typeof piece === 'string' && typeof last === 'string') out[out.length - 1] = last + piece
    else if (piece !== '') out.push(piece)
  }
  return out
}

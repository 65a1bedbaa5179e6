import type { IToken } from 'chevrotain'
import * as T from './tokens.js'

/** Words of other query languages, with what to write here. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ['like', 'Write RLIKE and a regular expression for the whole value, e.g. hostname RLIKE "host.*".'],
  ['regexp', 'Write RLIKE and a regular expression for the whole value, e.g. hostname RLIKE "host.*".'],
  ['not', 'There is no NOT; compare with !=, or use a pattern such as "^(?!YARN).*" after RLIKE.'],
  [
    'is',
    'There is no IS NULL. Entities that have an attribute: name RLIKE ".*"; for those without it say what else they are.',
  ],
  ['if', 'That is a trigger, not a query: ask for the SELECT in its parentheses.'],
  ['in', 'Write name = a OR name = b.'],
  ['between', 'Write x >= a AND x <= b.'],
  ['limit', 'There is no LIMIT; top(x, 10) keeps the ten largest streams.'],
  ['order', 'There is no ORDER BY; top and bottom choose streams by size.'],
  ['group', 'There is no GROUP BY; sum_by(x, hostname) and its kin group.'],
  ['by', 'There is no BY; sum_by(x, hostname) and its kin group.'],
  ['having', 'Put the condition into WHERE, e.g. last(x) > 5.'],
  ['join', 'Metrics of the same entity are combined by arithmetic, e.g. a / b.'],
  ['distinct', 'There is no DISTINCT.'],
])

/** What to do about a token that cannot stand where it does; empty when there is nothing to add. */
export function hint(found: IToken | undefined, previous: IToken | undefined): string {
  if (!found) return ''
  const type = found.tokenType
  const before = previous?.tokenType
  if (type === T.Equals && before === T.Equals) return 'One = is enough.'
  if (type === T.Greater && before === T.Less) return 'For “not equal” write !=.'
  if (before === T.Rlike) return 'A regular expression stands in quotes.'
  if ((type === T.Day || type === T.Hour) && (before === T.And || before === T.Or))
    return 'day in (…) and hour in […] follow the conditions without AND.'
  if (type === T.Comma && before === T.Star) return 'In a select list, * stands alone.'
  if (before === T.Name && previous!.image.toLowerCase() === 'not') return foreignWord('not')
  return foreignWord(found.image)
}

/** What to write instead of a word of another language; empty for any other word. */
export const foreignWord = (word: string): string => FOREIGN.get(word.toLowerCase()) ?? ''

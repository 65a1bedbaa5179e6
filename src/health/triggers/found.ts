import type { AskedStream } from '../../query/index.js'
import { cleanText } from '../../wire/alert.js'
import { formatFigure } from '../tests/figures.js'
import type { TriggerDefinition } from './definition.js'

/** The streams that came out of a statement: how many, and the first of them. */
export interface Found {
  count: number
  readonly first: AskedStream[]
}

/** Streams that a sentence names; an alert's sentence has room for so many with long names. */
const NAMED = 5
const MOST_OF_NAME = 60
const MOST_OF_EXPRESSION = 500

/** One stream more. */
export function noted(found: Found = { count: 0, first: [] }, stream: AskedStream): Found {
  found.count++
  if (found.first.length < NAMED) found.first.push(stream)
  return found
}

export const foundIn = (streams: readonly AskedStream[]): Found => ({
  count: streams.length,
  first: streams.slice(0, NAMED),
})

/**
 * Says how a trigger stands. One that fires names the streams of those of its statements that went beyond the threshold, each
 * with its entity and its last value, and how many more there are.
 *
 *     The trigger fds fires: 7 streams satisfied it, more than 0: fd_open of dn-3 at 900, … and 2 more. IF (…) DO health:bad
 */
export function sentenceOf(
  { triggerName, triggerExpression, streamThreshold }: TriggerDefinition,
  fires: boolean,
  found: readonly Found[],
): string {
  const [only] = found
  const streams =
    found.length === 1
      ? `${only!.count} ${only!.count === 1 ? 'stream' : 'streams'}`
      : `${found.map(({ count }) => count).join(', ')} streams`
  if (!fires)
    return `The trigger ${triggerName} does not fire: ${streams} satisfied it; it fires with more than ${streamThreshold}.`
  const beyond = found.filter(({ count }) => count > streamThreshold)
  return `The trigger ${triggerName} fires: ${streams} satisfied it, more than ${streamThreshold}: ${namesOf(beyond)}. ${triggerExpression.trim().slice(0, MOST_OF_EXPRESSION)}`
}

/** In turns from each statement, so that none is left out for another's many. */
function namesOf(found: readonly Found[]): string {
  const named: AskedStream[] = []
  for (let i = 0; i < NAMED; i++)
    for (const { first } of found) if (first[i] !== undefined && named.length < NAMED) named.push(first[i]!)
  const more = found.reduce((sum, { count }) => sum + count, 0) - named.length
  return `${named.map(nameOf).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function nameOf({ alias, metricName, owner, values, unitNumerators, unitDenominators }: AskedStream): string {
  const unit = unitNumerators.join(' ')
  const per = unitDenominators.map((name) => ` per ${name.replace(/s$/, '')}`).join('')
  const what = cleanText(alias ?? metricName, MOST_OF_NAME)
  const whose = cleanText(owner.displayName || owner.name, MOST_OF_NAME)
  return `${what}${whose === '' ? '' : ` of ${whose}`} at ${formatFigure(values.at(-1) ?? Number.NaN, unit)}${per}`
}

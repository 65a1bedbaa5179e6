/** Events as the monitor has them, by way of the manager. */

import type { ApiEvent, ApiEventQueryResult } from '../../../src/wire/event.js'
import { ask } from './ask.js'

/** Events that fulfil a query, the newest first, `most` of them; `totalResults` counts all. */
export function fetchEvents(query: string, most: number, signal: AbortSignal): Promise<ApiEventQueryResult> {
  return ask(`/events?${new URLSearchParams({ query, maxResults: String(most) })}`, signal)
}

/** The first value of an attribute. */
export const attributeOf = ({ attributes }: ApiEvent, name: string): string | undefined =>
  attributes.find((each) => each.name === name)?.values[0]

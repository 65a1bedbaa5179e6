/** Asks where the series come from. */

import type { CardinalityAnswer } from '../../../src/wire/cardinality.js'
import { ApiError, errorFromAnswer } from './errors.js'

const PATH = 'api/v45/timeseries/cardinality?top=20'

/** Throws `ApiError`, or the signal's reason when it was aborted. */
export async function fetchCardinality(signal: AbortSignal): Promise<CardinalityAnswer> {
  try {
    const response = await fetch(new URL(PATH, document.baseURI), {
      headers: { Accept: 'application/json' },
      signal,
    })
    if (!response.ok) throw errorFromAnswer(response.status, await response.text())
    return (await response.json()) as CardinalityAnswer
  } catch (cause) {
    if (signal.aborted || cause instanceof ApiError) throw cause
    throw new ApiError('There was no answer.', 0, 'NO_ANSWER')
  }
}

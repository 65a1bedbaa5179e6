import type { CardinalityAnswer } from '../../../src/wire/cardinality.js'
import { ask } from './ask.js'

/** Where the series come from. Throws `ApiError`, or the signal's reason when it was aborted. */
export const fetchCardinality = (signal: AbortSignal): Promise<CardinalityAnswer> =>
  ask('/timeseries/cardinality?top=20', signal)

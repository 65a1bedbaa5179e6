import type { RetentionAnswer } from '../../../src/wire/retention.js'
import { ask } from './ask.js'

/** How much of each level is kept, and for how long. Throws `ApiError`, or the signal's reason when it was aborted. */
export const fetchRetention = (signal: AbortSignal): Promise<RetentionAnswer> =>
  ask('/timeseries/retention', signal)

/**
 * For this long after its start, an agent does not warn that manager or monitor are away: on a host where all of them start
 * together that is as it should be. Milliseconds.
 */
export const QUIET_START_MS = 15_000
/** And it asks this often. */
export const QUIET_RETRY_MS = 500

/** What a heartbeat and its answer hold: nothing of it is believed before it is checked. */

export { parseDesired } from './desired-parse.js'
export { desiredProcess } from './desired-process.js'
export { type ParsedAnswer, parseHeartbeatAnswer } from './heartbeat-answer.js'
export { signalName } from './heartbeat-checks.js'
export { parseHeartbeatRequest } from './heartbeat-request.js'

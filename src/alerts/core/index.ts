export { type Bounds, DEFAULT_BOUNDS, dropMessage, enforce, severityOf } from './bounds.js'
export { isBad } from './cause.js'
export { nextDue, takeDue } from './due.js'
export {
  isFailing,
  isSilenced,
  MATCH_FIELDS,
  type Matcher,
  type MatchField,
  matches,
  type Silence,
} from './match.js'
export { DEFAULT_GROUPING, type Grouping, type Route, type Rules, route } from './rules.js'
export { type Outcome, takeEvent } from './take.js'
export * from './types.js'

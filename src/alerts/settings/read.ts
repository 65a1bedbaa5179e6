import { readFileSync } from 'node:fs'
import { DEFAULT_GROUPING, type Grouping, MATCH_FIELDS, type Matcher, type Route } from '../core/index.js'
import { fields } from './fields.js'
import { readReceiver } from './receivers.js'
import type { AlertSettings, Receiver } from './types.js'

/** Everything wrong with the alert settings, one line each; meant to be printed as it is. */
export class AlertSettingsError extends Error {
  override name = 'AlertSettingsError'
  readonly problems: string[]
  constructor(path: string, problems: string[]) {
    super(`The alert settings ${path} cannot be used:\n${problems.map((each) => `  ${each}`).join('\n')}`)
    this.problems = problems
  }
}

const MAX_FILE_BYTES = 4 * 1024 * 1024
const DAY = 86_400_000

/** Reads and checks the settings file. Throws `AlertSettingsError` with every problem and its place. */
export function readSettingsFile(path: string): AlertSettings {
  let content: unknown
  try {
    const text = readFileSync(path, 'utf8')
    if (text.length > MAX_FILE_BYTES) throw new Error('it has more than 4 MiB')
    content = JSON.parse(text)
  } catch (error) {
    throw new AlertSettingsError(path, [(error as Error).message])
  }
  const problems: string[] = []
  const settings = readSettings(content, problems)
  if (problems.length > 0) throw new AlertSettingsError(path, problems)
  return settings
}

/** The settings of JSON that has been read; problems are added to `problems`. */
export function readSettings(content: unknown, problems: string[]): AlertSettings {
  const from = fields(content, '', problems)
  const receivers = from
    .list('receivers', 200)
    .map(([value, place]) => readReceiver(value, place, problems))
    .filter((each): each is Receiver => each !== undefined)
  const names = new Set<string>()
  for (const { name } of receivers) {
    if (names.has(name)) from.wrong('receivers', `has two of the name ${JSON.stringify(name)}`)
    names.add(name)
  }
  const known = (place: string, list: string[]) => {
    for (const each of list)
      if (!names.has(each))
        problems.push(`${place} names the receiver ${JSON.stringify(each)}, which does not exist`)
    return list
  }
  const routes = from.list('routes').map(([value, place]): Route => {
    const inner = fields(value, place, problems)
    const match = readMatcher(inner.get('match') ?? {}, `${place}.match`, problems)
    const result = {
      match,
      receivers: known(`${place}.receivers`, inner.texts('receivers', 100)),
      continue: inner.flag('continue', false),
    }
    // A route without receivers is allowed: what it matches is not to be told to anyone.
    inner.end()
    return result
  })
  const defaultReceivers = known('defaultReceivers', from.texts('defaultReceivers', 100))
  const grouping = from.has('grouping') ? readGrouping(from.get('grouping'), problems) : DEFAULT_GROUPING
  const externalUrl = from.text('externalUrl', ' ').trim()
  if (externalUrl !== '' && !/^https?:\/\//.test(externalUrl))
    from.wrong('externalUrl', 'is not an http or https URL')
  from.end()
  return { rules: { routes, defaultReceivers, receivers: names, grouping }, receivers, externalUrl }
}

/** A matcher of a route or a silence: every named field is a text or an array of texts. */
export function readMatcher(value: unknown, place: string, problems: string[]): Matcher {
  const from = fields(value, place, problems)
  const matcher: Matcher = {}
  for (const field of MATCH_FIELDS) {
    if (!from.has(field)) continue
    const patterns = from.texts(field, 200)
    if (patterns.length === 0) from.wrong(field, 'is empty: it would match nothing')
    matcher[field] = patterns
  }
  from.end()
  return matcher
}

function readGrouping(value: unknown, problems: string[]): Grouping {
  const from = fields(value, 'grouping', problems)
  const d = DEFAULT_GROUPING
  const by = from.has('by') ? from.texts('by', MATCH_FIELDS.length) : d.by
  const knownBy = MATCH_FIELDS.filter((field) => by.includes(field))
  if (knownBy.length < by.length) from.wrong('by', `may hold ${MATCH_FIELDS.join(', ')}, each once`)
  const grouping: Grouping = {
    by: knownBy,
    waitMs: from.time('wait', 0, 3_600_000, d.waitMs),
    intervalMs: from.time('interval', 100, DAY, d.intervalMs),
    longestIntervalMs: from.time('longestInterval', 100, DAY, d.longestIntervalMs),
    repeatMs: from.get('repeat') === 'never' ? 0 : from.time('repeat', 10_000, 30 * DAY, d.repeatMs),
    burst: from.whole('burst', 1, 1_000, d.burst),
    refillMs: from.time('refill', 100, DAY, d.refillMs),
    flapChanges: from.whole('flapChanges', 3, 30, d.flapChanges),
    flapWindowMs: from.time('flapWindow', 10_000, DAY, d.flapWindowMs),
  }
  if (grouping.longestIntervalMs < grouping.intervalMs)
    from.wrong('longestInterval', 'is shorter than interval')
  from.end()
  return grouping
}

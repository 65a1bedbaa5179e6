import type { Outcome, Refusal } from './outcome.js'

/** How the things that a format counts are called in answers. */
export type Item = 'line' | 'series' | 'metric' | 'item'

/** One refusal in words, e.g. `line 3 (byte 120): not a number: "cpu usage=x"`. */
export function refusalText(refusal: Refusal, item: Item): string {
  const { position, offset, detail, excerpt } = refusal
  return `${item} ${position} (byte ${offset}): ${detail}${excerpt === '' ? '' : `: ${JSON.stringify(excerpt)}`}`
}

/**
 * What was refused, in one line, as senders log it. It begins with `partial write`, which Telegraf and other Influx
 * clients take as "do not send this again".
 */
export function outcomeText(outcome: Outcome, item: Item): string {
  const reasons = [...outcome.byReason].map(([reason, count]) => `${reason} ${count}`).join(', ')
  const listed = outcome.list.map((refusal) => refusalText(refusal, item)).join('; ')
  return `partial write: ${outcome.refused} refused (${reasons}): ${listed} dropped=${outcome.refused}`
}

/** The same as data, for answers in JSON. */
export function outcomeData(outcome: Outcome) {
  return {
    refused: outcome.refused,
    reasons: Object.fromEntries(outcome.byReason),
    refusals: outcome.list,
  }
}

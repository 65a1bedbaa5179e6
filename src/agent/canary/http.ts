import type { CanaryCheck } from '../../wire/canary.js'
import { ask } from './request.js'

const SEARCHED_BYTES = 256 * 1024

/** Throws when the answer is not as expected. */
export async function checkHttp(
  { url, status, contains }: Extract<CanaryCheck, { kind: 'http' }>,
  signal: AbortSignal,
): Promise<void> {
  const answer = await ask(url, { signal, maxBytes: contains === undefined ? 1 : SEARCHED_BYTES })
  const isGood = status ? status.includes(answer.status) : answer.status >= 200 && answer.status < 300
  if (!isGood) throw new Error(`HTTP ${answer.status}`)
  if (contains !== undefined && !answer.body.includes(contains))
    throw new Error('the answer does not contain the expected text')
}

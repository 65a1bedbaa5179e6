import type { Message } from '../core/index.js'

/**
 * One way of delivering messages. A message goes to parts (mail addresses, SNMP targets; one where there is but one), each
 * of which takes or refuses it by itself.
 */
export interface Transport {
  /** Never rejects: what went wrong is in the result. Ends soon after `signal` is aborted. */
  send(message: Message, context: SendContext): Promise<SendResult>
  /** May be called twice. */
  close(): void
}

export interface SendContext {
  signal: AbortSignal
  /** An earlier attempt may have arrived: the receiver is told so. */
  repeat: boolean
  attempt: number
  /** Parts that have it already. */
  done: readonly string[]
}

export interface SendResult {
  delivered: string[]
  failures: Failure[]
}

export interface Failure {
  /** Empty: all parts. */
  part: string
  /** For a person; without secrets. */
  reason: string
  /**
   * - `away`: the receiver cannot be reached, so that other messages would fare no better
   * - `later`: it did not take this message now
   * - `never`: it refuses this message for good
   */
  kind: 'away' | 'later' | 'never'
  /** It may have arrived all the same. */
  uncertain: boolean
  retryAfterMs?: number
}

/** Text of an error or an answer as it may be logged and shown. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error)
  const { code } = (error ?? {}) as { code?: unknown }
  const shown = typeof code === 'string' && !text.includes(code) ? `${text} (${code})` : text
  return shown.replace(/\p{Cc}+/gu, ' ').slice(0, 500)
}

/** What the alert publisher says of itself, by way of manager and monitor, and what a person does about it. */

import type { Silence } from '../../../src/wire/alert.js'
import { ask, soon } from './ask.js'
import { ApiError } from './errors.js'

export interface ReceiverStatus {
  readonly name: string
  readonly type: string
  readonly target: string
  readonly waiting: number
  readonly delivered: number
  readonly lost: number
  /** Failed attempts in a row. */
  readonly failures: number
  readonly nextAttemptAt?: number
  readonly lastDeliveredAt?: number
  readonly lastError?: { readonly at: number; readonly reason: string }
}

export interface PublisherStatus {
  readonly outbox: { readonly messages: number; readonly oldestSeconds: number; readonly diskError?: string }
  /** Entities that are in trouble. */
  readonly causes: number
  readonly lost: { readonly full: number; readonly expired: number; readonly causes: number }
  readonly receivers: readonly ReceiverStatus[]
  readonly missingReceivers: readonly string[]
}

export type ActiveSilence = Silence & { readonly active: boolean }

export interface AlertsView {
  /** Null: the monitor has no publisher. */
  readonly status: PublisherStatus | null
  readonly silences: readonly ActiveSilence[]
  /** Alerts that the monitor has not yet given to the publisher. */
  readonly pending: number
}

export async function fetchAlerts(signal: AbortSignal): Promise<AlertsView> {
  try {
    const [status, silences, monitor] = await Promise.all([
      ask<PublisherStatus>('/alerts/status', signal),
      ask<{ items: ActiveSilence[] }>('/alerts/silences', signal),
      ask<{ pending: number | null }>('/health/alerting', signal),
    ])
    return { status, silences: silences.items, pending: monitor.pending ?? 0 }
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return { status: null, silences: [], pending: 0 }
    throw error
  }
}

/** Sends a test alert now; in words what came of it. */
export async function testReceiver(name: string): Promise<string> {
  const path = `/alerts/receivers/${encodeURIComponent(name)}/test`
  const { ok, failures } = await ask<{ ok: boolean; failures?: string[] }>(path, soon(), 'POST')
  return ok ? 'The test was delivered.' : `The test was not delivered: ${(failures ?? []).join('; ')}`
}

export function createSilence(silence: {
  match: Record<string, string[]>
  until: number
  comment: string
}): Promise<Silence> {
  const until = new Date(silence.until).toISOString()
  return ask('/alerts/silences', soon(), 'POST', { ...silence, until })
}

export const endSilence = (id: string): Promise<Silence> =>
  ask(`/alerts/silences/${encodeURIComponent(id)}`, soon(), 'DELETE')

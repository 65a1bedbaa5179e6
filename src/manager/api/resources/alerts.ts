import type { Silence } from '../../../wire/alert.js'
import type { Handlers } from '../http/call.js'
import { ApiError, badRequest, notFound, unavailable } from '../http/errors.js'
import type { Resources } from './ports.js'

/** Tests of receivers take as long as these do. */
const TIMEOUT_MS = 65_000

/** What a person does about alerts: the monitor passes it on to the publisher. What is asked only goes past the API's tables. */
export function alertResources({ alerting }: Resources): Handlers {
  async function ask<T>(
    signal: AbortSignal,
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<{ status: number; body: T }> {
    if (!alerting) throw notFound('There is no monitor, and so there is no alert publisher.')
    const text = body === undefined ? undefined : JSON.stringify(body)
    const answer = await alerting
      .ask(method, `/alerting/${path}`, { signal, timeoutMs: TIMEOUT_MS, ...(text ? { body: text } : {}) })
      .catch((error: unknown) => {
        throw unavailable(`The monitor does not answer: ${error instanceof Error ? error.message : error}.`)
      })
    const { status } = answer
    if (status < 300 || status === 502) return { status, body: answer.body as T }
    const { message } = (answer.body ?? {}) as { message?: string }
    if (status === 404) throw notFound(message ?? 'There is no alert publisher.')
    if (status === 400 || status === 409) throw badRequest(message ?? 'The alert publisher refuses it.')
    throw new ApiError(503, message ?? `The alert publisher answers with HTTP ${status}.`)
  }

  return {
    async 'POST /alerts/silences'(call) {
      const { match = {}, from, until, comment = '', id } = call.body
      call.audit.command = 'createSilence'
      call.audit.text ??= `${JSON.stringify(match)} until ${until ?? ''} ${comment}`.trim()
      const { body } = await ask<Silence>(call.signal, 'POST', 'silences', {
        ...{ match, comment, createdBy: call.user.name },
        ...(from === undefined ? {} : { from }),
        ...(until === undefined ? {} : { until }),
        ...(id === undefined ? {} : { id }),
      })
      return shown(body)
    },

    async 'DELETE /alerts/silences/{silenceId}'(call) {
      const { silenceId } = call.params
      call.audit.command = 'endSilence'
      const { body } = await ask<{ items: Silence[] }>(call.signal, 'GET', 'silences')
      const silence = body.items.find(({ id }) => id === silenceId)
      if (!silence) throw notFound('There is no silence of that id.')
      call.audit.text ??= JSON.stringify(silence.match)
      await ask(call.signal, 'DELETE', `silences/${encodeURIComponent(silenceId)}`)
      return shown(silence)
    },

    async 'POST /alerts/receivers/{receiverName}/test'(call) {
      const { receiverName } = call.params
      call.audit.command = 'testReceiver'
      call.audit.text ??= receiverName
      const path = `receivers/${encodeURIComponent(receiverName)}/test`
      const { body } = await ask<TestResult>(call.signal, 'POST', path)
      const { ok, delivered = [], failures = [] } = body
      return {
        ok,
        delivered: [...delivered],
        failures: failures.map(({ part, reason }) => (part ? `${part}: ${reason}` : reason)),
      }
    },
  }
}

interface TestResult {
  ok: boolean
  delivered?: string[]
  failures?: { part: string; reason: string }[]
}

function shown({ from, until, ...silence }: Silence) {
  return { ...silence, from: new Date(from).toISOString(), until: new Date(until).toISOString() }
}

import { ApiError, errorFromAnswer } from './errors.js'

const BASE = 'api/v45'

/** Asks the manager's API, `path` being below its version. Throws `ApiError`, or the signal's reason when it was aborted. */
export async function ask<T>(path: string, signal: AbortSignal, method = 'GET', body?: object): Promise<T> {
  try {
    const response = await fetch(new URL(BASE + path, document.baseURI), {
      method,
      headers: { accept: 'application/json', ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal,
    })
    if (!response.ok) throw errorFromAnswer(response.status, await response.text())
    return (await response.json()) as T
  } catch (cause) {
    if (signal.aborted || cause instanceof ApiError) throw cause
    throw new ApiError('There was no answer.', 0, 'NO_ANSWER')
  }
}

const TIMEOUT_MS = 30_000
/** For what a person waits for. */
export const soon = () => AbortSignal.timeout(TIMEOUT_MS)

import type { ApiError } from './errors.js'
import { prettyJson } from './json.js'

/** `{message, causes?}` with the error's status and headers. */
export function errorAnswer({ status, message, causes, headers }: ApiError): Response {
  return new Response(prettyJson({ message, ...(causes.length > 0 ? { causes } : {}) }), {
    status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
  })
}

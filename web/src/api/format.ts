import { ask } from './ask.js'

/** A query in normal form. Throws `ApiError` where it cannot be read. */
export async function fetchFormatted(query: string, signal: AbortSignal): Promise<string> {
  const parameters = new URLSearchParams({ query })
  return (await ask<{ query: string }>(`/timeseries/format?${parameters}`, signal)).query
}

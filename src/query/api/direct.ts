import { FIRST_VERSION, LAST_VERSION } from './versions.js'

/** `/api/v45/timeseries` */
const PATH = /^\/api\/v(\d{1,3})\/timeseries$/

export interface DirectRequest {
  readonly version: number
  /** Of several values of a parameter the first one counts. */
  readonly parameters: Map<string, string>
}

let lastPath = ''
let lastVersion = -1

/** What `GET /api/vN/timeseries?…` asks for; undefined for any other target, and for versions that do not have it. */
export function directRequest(target: string): DirectRequest | undefined {
  const end = target.indexOf('?')
  if (end < 0) return undefined
  const path = target.slice(0, end)
  if (path !== lastPath) {
    lastVersion = Number(PATH.exec(path)?.[1] ?? -1)
    lastPath = path
  }
  const version = lastVersion
  if (version < FIRST_VERSION || version > LAST_VERSION) return undefined
  return { version, parameters: parametersOf(target.slice(end + 1)) }
}

/** As `URLSearchParams` reads them, which takes four times as long. */
function parametersOf(text: string): Map<string, string> {
  const parameters = new Map<string, string>()
  try {
    for (const part of text.split('&')) {
      if (part === '') continue
      const equals = part.indexOf('=')
      const name = decoded(equals < 0 ? part : part.slice(0, equals))
      if (!parameters.has(name)) parameters.set(name, equals < 0 ? '' : decoded(part.slice(equals + 1)))
    }
  } catch {
    // Percent signs that stand for nothing are left as they are.
    parameters.clear()
    for (const [name, value] of new URLSearchParams(text))
      if (!parameters.has(name)) parameters.set(name, value)
  }
  return parameters
}

function decoded(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  return spaced.includes('%') ? decodeURIComponent(spaced) : spaced
}

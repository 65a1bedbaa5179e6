import { readFileSync } from 'node:fs'
import * as https from 'node:https'

/** Connections over TLS that are verified by the authorities in a file, which may be renewed while we run. */
export interface Authorities {
  /** Throws Node's error when the file cannot be read. */
  agent(): https.Agent
  close(): void
}

/** `caFile`: PEM, used instead of the system's authorities; read again with each call, since it may have been renewed. */
export function createAuthorities(options: https.AgentOptions, caFile: string | undefined): Authorities {
  let agent: https.Agent | undefined
  let text = ''
  return {
    agent() {
      const ca = caFile === undefined ? '' : readFileSync(caFile, 'utf8')
      if (agent && ca === text) return agent
      agent?.destroy()
      text = ca
      agent = new https.Agent({
        ...options,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        ...(ca ? { ca } : {}),
      })
      return agent
    },
    close: () => agent?.destroy(),
  }
}

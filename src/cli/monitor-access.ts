import { isToken, readTokens, SettingsError } from '../config/index.js'
import { isLoopback } from '../wire/host-check.js'
import type { PortTokens } from '../wire/port-tokens.js'

interface TokenSettings {
  monitorToken: string
  monitorTokenFile: string
}

/** The token that is good for everything on the monitor's port; undefined: none is set. Throws `SettingsError`. */
export function monitorToken({ monitorToken, monitorTokenFile }: TokenSettings): string | undefined {
  if (monitorToken !== '') {
    if (!isToken(monitorToken))
      throw new SettingsError(
        'BELLWETHER_MONITOR_TOKEN: a token has 16 to 200 printable characters without spaces',
      )
    return monitorToken
  }
  return monitorTokenFile === '' ? undefined : readTokens(monitorTokenFile)[0]
}

/**
 * Who may use the monitor's port; undefined: whoever reaches it, which only this machine can. Throws `SettingsError` where
 * it would be open to others without a token.
 */
export function monitorTokens(
  values: TokenSettings & { host: string; senderTokenFile: string },
): PortTokens | undefined {
  const first = monitorToken(values)
  const more = values.monitorTokenFile === '' ? [] : readTokens(values.monitorTokenFile)
  const senders = values.senderTokenFile === '' ? [] : readTokens(values.senderTokenFile)
  if (first !== undefined) return { full: [...new Set([first, ...more])], senders }
  if (isLoopback(values.host) && senders.length === 0) return undefined
  throw new SettingsError(
    `--host ${values.host} opens the monitor to others: give it a token, which the manager has too, with --monitor-token-file FILE or BELLWETHER_MONITOR_TOKEN`,
  )
}

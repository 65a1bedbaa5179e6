import type { Receiver } from './types.js'

/** Where a receiver's messages go, as anyone may see it. */
export function targetOf(receiver: Receiver): string {
  switch (receiver.type) {
    case 'email':
      return `${receiver.to.join(', ')} by ${receiver.smtp.host}:${receiver.smtp.port}`
    case 'snmp':
      return receiver.targets.map(({ host, port }) => `${host}:${port}`).join(', ')
    case 'webhook':
      // Not the path: of many chat systems it is the secret.
      return `${new URL(receiver.url).origin} (${receiver.format})`
    case 'script':
      return receiver.path
  }
}

/** Takes a receiver's secrets out of a text: what a server answers may quote what it was sent. */
export function redact(receiver: Receiver, text: string): string {
  let result = text
  for (const secret of secretsOf(receiver)) result = result.replaceAll(secret, '***')
  return result
}

function secretsOf(receiver: Receiver): string[] {
  const all = (): (string | undefined)[] => {
    switch (receiver.type) {
      case 'email':
        return [receiver.smtp.password]
      case 'snmp':
        return receiver.security.version === '2c'
          ? [receiver.security.community]
          : [receiver.security.auth?.password, receiver.security.priv?.password]
      case 'webhook':
        return [receiver.secret, new URL(receiver.url).pathname.slice(1), ...Object.values(receiver.headers)]
      case 'script':
        return []
    }
  }
  // Shorter ones are no secrets, and would take words out of every text.
  return all().filter((secret): secret is string => secret !== undefined && secret.length >= 6)
}

/** Who is logged in here. */

import { soon } from './ask.js'

const address = () => new URL('api/session', document.baseURI)

/** The user's name; null: nobody, or nobody can say. */
export async function fetchUser(): Promise<string | null> {
  try {
    const response = await fetch(address(), { signal: soon() })
    const { name } = (await response.json()) as { name?: unknown }
    return response.ok && typeof name === 'string' ? name : null
  } catch {
    return null
  }
}

export async function logOut(): Promise<void> {
  await fetch(address(), { method: 'DELETE', signal: soon() }).catch(() => undefined)
}

/** The login page, which leads back to where one was. */
export const loginAddress = (): string =>
  `login?${new URLSearchParams({ next: location.pathname + location.search })}`

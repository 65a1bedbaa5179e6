/** Which manager to speak to: the one that answered last, else the next of the list. */
export interface Managers {
  current(): URL
  /** Away, or not the active one. True when every one of the list has now failed in a row. */
  failed(): boolean
  answered(): void
  /** Goes where an answer points to. Says why not otherwise. */
  follow(location: string | undefined): string | undefined
  /** As the manager says; those given at start are never forgotten. */
  learn(urls: readonly string[]): void
}

/** Redirects in a row: beyond it two managers each say that the other is active. */
const MAX_HOPS = 3
const MAX_URLS = 20

export function createManagers(given: readonly string[], path: string): Managers {
  let urls = unique(given)
  let index = 0
  let failures = 0
  let hops = 0
  /** Where the last answer pointed to, if it is none of the list. */
  let elsewhere: URL | undefined
  const base = (url: string) => url.replace(/\/+$/, '')

  return {
    current: () => elsewhere ?? new URL(base(urls[index]!) + path),
    failed() {
      if (elsewhere) elsewhere = undefined
      else index = (index + 1) % urls.length
      hops = 0
      if (++failures < urls.length) return false
      failures = 0
      return true
    },
    answered() {
      failures = 0
      hops = 0
    },
    follow(location) {
      const from = elsewhere ?? new URL(base(urls[index]!) + path)
      if (location === undefined || !URL.canParse(location, from.href)) return 'it names no address to go to'
      const to = new URL(location, from)
      if (to.protocol !== 'https:' && (to.protocol !== 'http:' || from.protocol === 'https:'))
        return `it points to ${to.protocol}//, and the token is not sent there`
      if (++hops > MAX_HOPS) return 'managers point to each other: none of them is active'
      const known = urls.findIndex((url) => new URL(base(url) + path).href === to.href)
      elsewhere = known < 0 ? to : undefined
      if (known >= 0) index = known
      return undefined
    },
    learn(more) {
      const here = urls[index]!
      urls = unique([...given, ...more]).slice(0, MAX_URLS)
      index = Math.max(0, urls.indexOf(here))
    },
  }
}

const unique = (urls: readonly string[]) => [...new Set(urls.map((url) => url.replace(/\/+$/, '')))]

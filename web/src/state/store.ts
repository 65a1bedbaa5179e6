/** What the browser remembers for its reader; without storage everything works, but is forgotten. */

const PREFIX = 'bellwether.'

export function remembered(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name)
  } catch {
    return null
  }
}

export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name)
    else localStorage.setItem(PREFIX + name, value)
  } catch {
    // Switched off or full: nothing depends on it.
  }
}

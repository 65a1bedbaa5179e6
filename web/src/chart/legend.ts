/** Which lines of a chart are shown. Isolating is kept as the shown ones, hiding as the hidden ones: what comes new follows. */

export type LegendState =
  | { readonly mode: 'hide'; readonly keys: readonly string[] }
  | { readonly mode: 'only'; readonly keys: readonly string[] }

export const ALL_SHOWN: LegendState = { mode: 'hide', keys: [] }

export function isShown(state: LegendState, key: string): boolean {
  return state.keys.includes(key) === (state.mode === 'only')
}

/** A click: shows this line alone; on the line that already is alone, shows all again. */
export function isolate(state: LegendState, key: string): LegendState {
  const alone = state.mode === 'only' && state.keys.length === 1 && state.keys[0] === key
  return alone ? ALL_SHOWN : { mode: 'only', keys: [key] }
}

/** A click with Ctrl: hides this line, or shows it again. Hiding the last line that is shown shows all. */
export function toggle(state: LegendState, key: string, all: readonly string[]): LegendState {
  const keys = state.keys.includes(key) ? state.keys.filter((k) => k !== key) : [...state.keys, key]
  const next: LegendState = { mode: state.mode, keys }
  const shown = all.filter((k) => isShown(next, k))
  if (shown.length === 0) return ALL_SHOWN
  return shown.length === all.length ? ALL_SHOWN : next
}

/** For the address: `k1.k2` for the only ones shown, `-k1.k2` for hidden ones, null when all are shown. */
export function legendToText(state: LegendState): string | null {
  if (state.keys.length === 0) return null
  return (state.mode === 'hide' ? '-' : '') + state.keys.join('.')
}

const KEY = /^[a-z0-9]{1,16}$/
const MOST_KEYS = 1000

/** Reads what `legendToText` writes; keys that cannot be are left out. */
export function legendFromText(text: string): LegendState {
  const hide = text.startsWith('-')
  const keys = text
    .slice(hide ? 1 : 0)
    .split('.')
    .filter((key) => KEY.test(key))
    .slice(0, MOST_KEYS)
  return keys.length === 0 ? ALL_SHOWN : { mode: hide ? 'hide' : 'only', keys }
}

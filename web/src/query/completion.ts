/** The list of completions and its keys; the text area and the screen are elsewhere. */

import type { CompletionAnswer } from '../../../src/wire/completion.js'

export interface CompletionState {
  readonly answer: CompletionAnswer
  readonly selected: number
  /** True once the reader chose from the list or asked for it: then Enter takes the item and does not run the query. */
  readonly chosen: boolean
}

export type CompletionKey =
  | { readonly do: 'move'; readonly state: CompletionState }
  | { readonly do: 'take'; readonly text: string }
  | { readonly do: 'close' }

/** An answer as a list, or null when it offers nothing, or nothing but what stands there already. */
export function openCompletion(
  answer: CompletionAnswer | null,
  text: string,
  asked: boolean,
): CompletionState | null {
  if (!answer || answer.items.length === 0) return null
  const [only] = answer.items
  const there = answer.items.length === 1 && only?.text === text.slice(answer.from, answer.to)
  return there ? null : { answer, selected: 0, chosen: asked }
}

/** What a key does while the list is open; null when the list has no use for it. */
export function completionKey(state: CompletionState, key: string): CompletionKey | null {
  const { answer, selected, chosen } = state
  const count = answer.items.length
  if (key === 'ArrowDown' || key === 'ArrowUp') {
    const step = key === 'ArrowDown' ? 1 : -1
    // The first ↓ confirms what is marked already.
    const next = !chosen && step === 1 ? selected : (selected + step + count) % count
    return { do: 'move', state: { answer, selected: next, chosen: true } }
  }
  if (key === 'Escape') return { do: 'close' }
  if (key === 'Tab' || (key === 'Enter' && chosen))
    return { do: 'take', text: answer.items[selected]?.text ?? '' }
  return null
}

/** The text with an item in its place, and where the cursor then stands. */
export function takeCompletion(
  text: string,
  answer: CompletionAnswer,
  item: string,
): { text: string; cursor: number } {
  const rest = text.slice(answer.to)
  // A word is followed by the next one; a bracket or a function is not.
  const glue = /[\w"']$/.test(item) && !/^[\s,;)]/.test(rest) ? ' ' : ''
  return {
    text: text.slice(0, answer.from) + item + glue + rest,
    cursor: answer.from + item.length + glue.length,
  }
}

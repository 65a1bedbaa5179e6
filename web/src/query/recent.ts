/** Statements that were run, newest first, and stepping through them from the keyboard. */

export const MOST_RECENT = 50

/** The list with a statement put in front; a repeated one moves there. */
export function withRecent(recent: readonly string[], statement: string): string[] {
  const text = statement.trim()
  if (text === '') return [...recent]
  return [text, ...recent.filter((other) => other !== text)].slice(0, MOST_RECENT)
}

/** Reads what was stored; anything that is not a list of texts is an empty one. */
export function recentFromText(stored: string | null): string[] {
  try {
    const value: unknown = JSON.parse(stored ?? '[]')
    return Array.isArray(value)
      ? value.filter((item): item is string => typeof item === 'string' && item !== '').slice(0, MOST_RECENT)
      : []
  } catch {
    return []
  }
}

export interface HistoryStep {
  /** Place in the list; −1 is what was being written before the stepping began. */
  readonly index: number
  readonly text: string
}

/** One step back (older, +1) or forward (newer, −1); null when there is nowhere to go. */
export function stepHistory(
  recent: readonly string[],
  at: number,
  draft: string,
  direction: 1 | -1,
): HistoryStep | null {
  let index = at + direction
  if (at === -1 && direction === 1 && recent[0] === draft.trim()) index++
  if (index < -1 || index >= recent.length) return null
  return { index, text: index === -1 ? draft : (recent[index] as string) }
}

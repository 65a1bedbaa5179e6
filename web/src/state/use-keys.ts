/** Keys for the whole page: single ones, and two in a row such as `g h`. Not while something is being written. */

import { useLayoutEffect, useRef } from 'preact/hooks'

export type KeyMap = Readonly<Record<string, () => void>>

const PAIR_MS = 1000

export function useKeys(keys: KeyMap): void {
  const latest = useRef(keys)
  latest.current = keys
  // With the first paint: a key pressed right after it must not be lost.
  useLayoutEffect(() => {
    let before = ''
    let at = 0
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isWriting(event.target))
        return
      const pair = event.timeStamp - at < PAIR_MS ? `${before} ${event.key}` : ''
      const action = latest.current[pair] ?? latest.current[event.key]
      before = event.key
      at = event.timeStamp
      if (!action) return
      event.preventDefault()
      before = ''
      action()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  )
}

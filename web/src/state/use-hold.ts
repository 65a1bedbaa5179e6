/** Whether refreshes wait: while a chart is being looked at closely, and while the tab is hidden. */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

/** A pointer that rests longer than this does not hold any more: nobody may be there. */
const LONGEST_REST_MS = 60_000

export interface Hold {
  readonly hidden: boolean
  readonly hovered: boolean
  /** Called on every move of the pointer over a chart, and with false when it leaves. */
  readonly onPointer: (inside: boolean) => void
}

export function useHold(): Hold {
  const [hidden, setHidden] = useState(document.visibilityState === 'hidden')
  const [hovered, setHovered] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)

  useEffect(() => {
    const change = () => setHidden(document.visibilityState === 'hidden')
    document.addEventListener('visibilitychange', change)
    return () => {
      document.removeEventListener('visibilitychange', change)
      clearTimeout(timer.current)
    }
  }, [])

  const onPointer = useCallback((inside: boolean) => {
    clearTimeout(timer.current)
    setHovered(inside)
    if (inside) timer.current = setTimeout(() => setHovered(false), LONGEST_REST_MS)
  }, [])

  return { hidden, hovered, onPointer }
}

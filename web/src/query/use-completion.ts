/** Asks for completions while a query is being written: a moment after the last key, and one question at a time. */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { fetchCompletion } from '../api/completion.js'
import { type CompletionState, openCompletion } from './completion.js'

const PAUSE_MS = 120

export function useCompletion() {
  const [state, setState] = useState<CompletionState | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const current = useRef<AbortController | null>(null)

  const close = useCallback(() => {
    clearTimeout(timer.current)
    current.current?.abort()
    setState(null)
  }, [])

  /** `asked`: by Ctrl+Space, not by typing. */
  const ask = useCallback((text: string, offset: number, asked: boolean) => {
    clearTimeout(timer.current)
    current.current?.abort()
    const controller = new AbortController()
    current.current = controller
    timer.current = setTimeout(
      async () => {
        const answer = await fetchCompletion(text, offset, controller.signal)
        if (!controller.signal.aborted) setState(openCompletion(answer, text, asked))
      },
      asked ? 0 : PAUSE_MS,
    )
  }, [])

  useEffect(() => close, [close])
  return { state, setState, ask, close }
}

import { useEffect, useRef } from 'preact/hooks'
import type { CompletionState } from '../query/completion.js'

interface CompletionsProps {
  readonly state: CompletionState
  /** Pixels from the corner of the query box. */
  readonly place: { readonly left: number; readonly top: number }
  readonly onTake: (text: string) => void
}

/** The list below the cursor. The focus stays in the text area, which names the marked item to those who hear it. */
export function Completions({ state, place, onTake }: CompletionsProps) {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    list.current?.children[state.selected]?.scrollIntoView({ block: 'nearest' })
  }, [state.selected])
  return (
    <div
      class="completions"
      id="completions"
      ref={list}
      role="listbox"
      aria-label="Completions"
      style={{ left: `${place.left}px`, top: `${place.top}px` }}
    >
      {state.answer.items.map((item, i) => (
        <div
          key={`${item.kind} ${item.text}`}
          id={`completion-${i}`}
          role="option"
          tabIndex={-1}
          aria-selected={i === state.selected}
          onPointerDown={(event) => {
            // Keeps the focus in the text area.
            event.preventDefault()
            onTake(item.text)
          }}
        >
          <code>{item.text}</code>
          <span class="kind">{item.kind}</span>
          {item.help && <span class="help-line">{item.help}</span>}
        </div>
      ))}
    </div>
  )
}

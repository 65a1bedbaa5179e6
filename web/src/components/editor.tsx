import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { QueryProblem } from '../../../src/wire/timeseries.js'
import { completionKey, takeCompletion } from '../query/completion.js'
import { applySuggestion, lineAndColumn, markPieces } from '../query/marks.js'
import { stepHistory } from '../query/recent.js'
import { useCompletion } from '../query/use-completion.js'
import { Completions } from './completions.js'

interface EditorProps {
  readonly text: string
  readonly onText: (text: string) => void
  readonly onRun: (text: string) => void
  /** Of the text as it stands; empty as soon as it is changed. */
  readonly problems: readonly QueryProblem[]
  /** What was answered but was probably not meant; shown where there are no problems. */
  readonly warnings: readonly QueryProblem[]
  readonly recent: readonly string[]
}

const MOST_LINES = 14

/**
 * The query box: a text area over a copy of its text that carries the error marks. Enter runs, Shift+Enter begins a line,
 * Ctrl with the up and down arrows goes through the recent statements, Ctrl+Space offers what can be typed.
 */
export function Editor({ text, onText, onRun, problems, warnings, recent }: EditorProps) {
  const marks = problems.length > 0 ? problems : warnings
  const grave = problems.length > 0
  const area = useRef<HTMLTextAreaElement>(null)
  const copy = useRef<HTMLPreElement>(null)
  const [step, setStep] = useState({ index: -1, draft: '' })
  const completion = useCompletion()

  useLayoutEffect(() => {
    const element = area.current
    if (!element) return
    element.style.height = 'auto'
    element.style.height = `${Math.min(element.scrollHeight, MOST_LINES * 20 + 20) + 2}px`
  }, [text])
  useEffect(() => {
    if (problems.length > 0) selectProblem(problems[0] as QueryProblem, false)
  }, [problems])

  const selectProblem = (problem: QueryProblem, focus: boolean) => {
    const element = area.current
    if (!element) return
    if (focus) element.focus()
    if (focus) element.setSelectionRange(problem.offset, problem.offset + problem.length)
  }

  const history = (direction: 1 | -1) => {
    const draft = step.index === -1 ? text : step.draft
    const next = stepHistory(recent, step.index, draft, direction)
    if (!next) return
    setStep({ index: next.index, draft })
    onText(next.text)
  }

  /** At once, not with the next drawing: what is typed next belongs behind it. */
  const put = (next: { text: string; cursor: number }) => {
    const element = area.current
    if (element) {
      element.value = next.text
      element.focus()
      element.setSelectionRange(next.cursor, next.cursor)
    }
    onText(next.text)
  }

  const complete = (item: string) => {
    if (!completion.state) return
    put(takeCompletion(text, completion.state.answer, item))
    completion.close()
  }

  /** True when the list of completions has used the key. */
  const onCompletionKey = (event: KeyboardEvent): boolean => {
    if (event.key === ' ' && event.ctrlKey) {
      completion.ask(area.current?.value ?? text, area.current?.selectionStart ?? text.length, true)
      return true
    }
    // Also a list that is still on its way.
    if (event.key === 'Escape') completion.close()
    if (!completion.state || event.ctrlKey || event.metaKey || event.shiftKey) return false
    const result = completionKey(completion.state, event.key)
    if (result?.do === 'move') completion.setState(result.state)
    else if (result?.do === 'take') complete(result.text)
    return result !== null
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return
    if (onCompletionKey(event)) {
      event.preventDefault()
      return
    }
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      setStep({ index: -1, draft: '' })
      completion.close()
      onRun(area.current?.value ?? text)
    } else if ((event.ctrlKey || event.metaKey) && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault()
      history(event.key === 'ArrowUp' ? 1 : -1)
    }
  }

  const take = (problem: QueryProblem, suggestion: string) => put(applySuggestion(text, problem, suggestion))

  return (
    <div class="editor">
      <div class="editor-box">
        <pre class="editor-copy" ref={copy} aria-hidden="true">
          {markPieces(text, marks).map((piece, i) =>
            piece.problem === null ? (
              piece.text
            ) : (
              <mark key={i} class={grave ? undefined : 'mild'} data-problem={piece.problem}>
                {piece.text}
              </mark>
            ),
          )}
          {'\n'}
        </pre>
        <textarea
          ref={area}
          value={text}
          rows={1}
          id="query"
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          aria-label="Query"
          aria-invalid={grave}
          aria-describedby={marks.length > 0 ? 'problems' : 'query-hint'}
          placeholder="select cpu_percent where category = HOST"
          onInput={(event) => {
            const { value, selectionStart } = event.currentTarget
            setStep({ index: -1, draft: '' })
            onText(value)
            completion.ask(value, selectionStart, false)
          }}
          onBlur={completion.close}
          onClick={completion.close}
          role="combobox"
          aria-autocomplete="list"
          aria-expanded={completion.state !== null}
          aria-controls="completions"
          aria-activedescendant={completion.state ? `completion-${completion.state.selected}` : undefined}
          onKeyDown={onKeyDown}
          onScroll={(event) => {
            if (copy.current) copy.current.scrollTop = event.currentTarget.scrollTop
          }}
        />
        {completion.state && (
          <Completions
            state={completion.state}
            place={placeOf(copy.current, area.current, completion.state.answer.from)}
            onTake={complete}
          />
        )}
      </div>
      {marks.length > 0 && (
        <ul class={grave ? 'problems' : 'problems mild'} id="problems" role={grave ? 'alert' : 'status'}>
          {marks.map((problem, i) => (
            <li key={i}>
              <button type="button" class="link" onClick={() => selectProblem(problem, true)}>
                {placeText(text, problem)}
              </button>
              <span>{problem.message}</span>
              {problem.suggestions.slice(0, 6).map((suggestion) => (
                <button
                  key={suggestion}
                  type="button"
                  class="suggestion"
                  onClick={() => take(problem, suggestion)}
                  title={`Put ${suggestion} in its place`}
                >
                  {suggestion}
                </button>
              ))}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

const LIST_WIDTH = 320

/** Below a character of the text, as the copy has it laid out; not so far right that the list would not fit. */
function placeOf(
  copy: HTMLElement | null,
  area: HTMLElement | null,
  offset: number,
): { left: number; top: number } {
  if (!copy || !area) return { left: 0, top: 0 }
  const range = document.createRange()
  let rest = offset
  for (const node of textNodes(copy)) {
    if (rest <= node.data.length) {
      range.setStart(node, rest)
      range.collapse(true)
      break
    }
    rest -= node.data.length
  }
  const box = area.getBoundingClientRect()
  const character = range.getClientRects()[0] ?? box
  const left = Math.max(0, Math.min(character.left - box.left, box.width - LIST_WIDTH))
  return { left, top: character.bottom - box.top + 4 }
}

function* textNodes(root: HTMLElement): Generator<Text> {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) yield walker.currentNode as Text
}

function placeText(text: string, problem: QueryProblem): string {
  const { line, column } = lineAndColumn(text, problem.offset)
  return text.includes('\n') ? `line ${line}, column ${column}` : `column ${column}`
}

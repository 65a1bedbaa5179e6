import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { CompletionAnswer } from '../wire/completion.js'

export interface PromptOptions {
  readonly input: Readable
  readonly output: Writable
  /** What can follow at the end of the text; rejects or gives null where nobody can say. */
  complete(text: string): Promise<CompletionAnswer | null>
  /** Runs a statement and prints its answer. */
  run(query: string): Promise<unknown>
}

const PROMPT = 'tsquery> '
const WORDS_THAT_END = /^(exit|quit|\\q)\s*;?$/i

/** Asks for statements, one a line, until the input ends: Tab shows what can follow, ↑ what was asked before. */
export async function prompt({ input, output, complete, run }: PromptOptions): Promise<void> {
  const lines = createInterface({
    input,
    output,
    terminal: true,
    historySize: 500,
    removeHistoryDuplicates: true,
    prompt: PROMPT,
    completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
      void complete(line)
        .catch(() => null)
        .then((answer) => done(null, answer === null ? [[], line] : candidates(line, answer)))
    },
  })
  // As in other shells: what has been typed is given up, and without any the prompt ends.
  lines.on('SIGINT', () => {
    if (lines.line === '') return lines.close()
    lines.write(null, { ctrl: true, name: 'e' })
    lines.write(null, { ctrl: true, name: 'u' })
  })
  lines.prompt()
  for await (const line of lines) {
    const query = line.trim()
    if (WORDS_THAT_END.test(query)) break
    if (query !== '') await run(query)
    lines.prompt()
  }
  lines.close()
}

/**
 * What can be made of the end of the line, and that end. Words are offered as they are spelt; where none begins so, in the case in
 * which the end was begun, which is as good for keywords, metrics, attributes and all values in capitals.
 */
export function candidates(line: string, { from, to, items }: CompletionAnswer): [string[], string] {
  const begun = line.slice(from, to)
  const exact = items.filter(({ text }) => text.startsWith(begun)).map(({ text }) => text)
  const folded = items
    .filter(({ text, kind }) => kind !== 'value' || text === text.toUpperCase())
    .map(({ text }) => text.toLowerCase())
    .filter((text) => text.startsWith(begun.toLowerCase()))
    .map((text) => begun + text.slice(begun.length))
  const texts = exact.length > 0 ? exact : folded
  return [texts.length === 1 ? [`${texts[0]} `] : texts, begun]
}

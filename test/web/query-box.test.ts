import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CompletionAnswer } from '../../src/wire/completion.js'
import type { QueryProblem } from '../../src/wire/timeseries.js'
import { errorFromAnswer, explainError } from '../../web/src/api/errors.js'
import { completionKey, openCompletion, takeCompletion } from '../../web/src/query/completion.js'
import { applySuggestion, lineAndColumn, markPieces } from '../../web/src/query/marks.js'
import { MOST_RECENT, recentFromText, stepHistory, withRecent } from '../../web/src/query/recent.js'

const problem = (offset: number, length: number): QueryProblem => ({
  message: 'wrong',
  offset,
  length,
  expected: [],
  suggestions: [],
})

describe('error marks', () => {
  it('stand exactly where the problem is', () => {
    expect(markPieces('select lod_1 where', [problem(7, 5)])).toEqual([
      { text: 'select ', problem: null },
      { text: 'lod_1', problem: 0 },
      { text: ' where', problem: null },
    ])
  })
  it('have a place at the end of the text', () => {
    expect(markPieces('select', [problem(6, 0)]).at(-1)).toEqual({ text: ' ', problem: 0 })
    expect(markPieces('', [problem(0, 0)])).toEqual([{ text: ' ', problem: 0 }])
  })
  it('mark one character where a problem has no length', () => {
    expect(markPieces('abc', [problem(1, 0)])[1]).toEqual({ text: 'b', problem: 0 })
  })
  it('keep the text whatever the problems are', () => {
    const any = fc.tuple(fc.integer({ min: -5, max: 60 }), fc.integer({ min: -5, max: 60 }))
    fc.assert(
      fc.property(fc.string({ maxLength: 50 }), fc.array(any), (text, places) => {
        const pieces = markPieces(
          text,
          places.map(([offset, length]) => problem(offset, length)),
        )
        const joined = pieces.map((piece) => piece.text).join('')
        expect([text, `${text} `]).toContain(joined)
      }),
    )
  })
  it('say line and column', () => {
    expect(lineAndColumn('ab\ncd', 4)).toEqual({ line: 2, column: 2 })
    expect(lineAndColumn('', 0)).toEqual({ line: 1, column: 1 })
  })
})

describe('suggestions', () => {
  it('take the place of what is marked', () => {
    expect(applySuggestion('select lod_1 where', problem(7, 5), 'load_1')).toEqual({
      text: 'select load_1 where',
      cursor: 13,
    })
  })
  it('are kept apart from the word before', () => {
    expect(applySuggestion('select', problem(6, 0), 'load_1').text).toBe('select load_1')
  })
})

describe('completions', () => {
  const answer = (from: number, to: number, ...names: string[]): CompletionAnswer => ({
    from,
    to,
    items: names.map((text) => ({ text, kind: 'metric' })),
  })
  const open = (asked: boolean) => {
    const state = openCompletion(answer(7, 9, 'load_1', 'load_5'), 'select lo', asked)
    if (!state) throw new Error('no list')
    return state
  }
  it('are not shown where there is nothing to add', () => {
    expect(openCompletion(null, 'x', true)).toBeNull()
    expect(openCompletion(answer(0, 1), 'x', true)).toBeNull()
    expect(openCompletion(answer(7, 13, 'load_1'), 'select load_1', false)).toBeNull()
  })
  it('leave Enter to the query until something was chosen', () => {
    expect(completionKey(open(false), 'Enter')).toBeNull()
    expect(completionKey(open(true), 'Enter')).toEqual({ do: 'take', text: 'load_1' })
    const moved = completionKey(open(false), 'ArrowDown')
    expect(moved).toMatchObject({ do: 'move', state: { selected: 0, chosen: true } })
    expect(completionKey(open(true), 'ArrowUp')).toMatchObject({ state: { selected: 1 } })
  })
  it('take the first with Tab, close with Escape, and leave other keys alone', () => {
    expect(completionKey(open(false), 'Tab')).toEqual({ do: 'take', text: 'load_1' })
    expect(completionKey(open(false), 'Escape')).toEqual({ do: 'close' })
    expect(completionKey(open(true), 'a')).toBeNull()
  })
  it('replace the word under the cursor and go on behind it', () => {
    expect(takeCompletion('select lo', answer(7, 9), 'load_1')).toEqual({
      text: 'select load_1 ',
      cursor: 14,
    })
    expect(takeCompletion('select lo, x', answer(7, 9), 'load_1').text).toBe('select load_1, x')
    expect(takeCompletion('select d', answer(7, 8), 'dt0(').text).toBe('select dt0(')
  })
})

describe('recent statements', () => {
  it('come newest first, each once, a bounded number', () => {
    let recent: string[] = []
    for (let i = 0; i < 2 * MOST_RECENT; i++) recent = withRecent(recent, `select m${i % 60}`)
    expect(recent).toHaveLength(MOST_RECENT)
    expect(new Set(recent).size).toBe(MOST_RECENT)
    expect(withRecent(recent, ' select x ')[0]).toBe('select x')
    expect(withRecent(recent, '  ')).toEqual(recent)
  })
  it('survive whatever is in the browser’s storage', () => {
    for (const stored of [null, '', '{', '{}', '[1,null,""]', '"x"'])
      expect(recentFromText(stored)).toEqual([])
    expect(recentFromText('["a",2,"b"]')).toEqual(['a', 'b'])
  })
  it('are stepped through and give back what was being written', () => {
    const recent = ['c', 'b', 'a']
    expect(stepHistory(recent, -1, 'draft', 1)).toEqual({ index: 0, text: 'c' })
    expect(stepHistory(recent, 0, 'draft', 1)).toEqual({ index: 1, text: 'b' })
    expect(stepHistory(recent, 0, 'draft', -1)).toEqual({ index: -1, text: 'draft' })
    expect(stepHistory(recent, 2, 'draft', 1)).toBeNull()
    expect(stepHistory(recent, -1, 'draft', -1)).toBeNull()
    expect(stepHistory(recent, -1, 'c', 1)).toEqual({ index: 1, text: 'b' })
  })
})

describe('error answers', () => {
  it('keep the problems and where they are', () => {
    const body = { message: 'no', code: 'BAD_QUERY', problems: [{ message: 'm', offset: 3, length: 2 }] }
    const error = errorFromAnswer(400, JSON.stringify(body))
    expect(error.passing).toBe(false)
    expect(error.problems).toEqual([{ message: 'm', offset: 3, length: 2, expected: [], suggestions: [] }])
  })
  it.each(['', '<html>', 'null', '[]', '{"problems":[1,{"offset":"x"}]}'])(
    'are read whatever they are: %j',
    (body) => {
      const error = errorFromAnswer(502, body)
      expect(error.passing).toBe(true)
      expect(error.problems).toEqual([])
      expect(error.message).not.toBe('')
    },
  )
  it('say what happened and what to do', () => {
    for (const status of [0, 400, 401, 429, 500, 503]) {
      const { title, advice } = explainError(errorFromAnswer(status, '{"message":"why"}'))
      expect(title).not.toBe('')
      expect(advice).toMatch(/[.!?]$/)
    }
  })
})

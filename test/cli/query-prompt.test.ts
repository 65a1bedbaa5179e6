import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { candidates, prompt } from '../../src/cli/query-prompt.js'
import { answerCompletion } from '../browser/fixtures/completion.js'

test('at a prompt Tab completes, Enter runs, and the end of the input ends it', async () => {
  const asked: string[] = []
  const input = new PassThrough()
  const output = new PassThrough()
  let shown = ''
  output.on('data', (piece) => {
    shown += String(piece)
  })
  const ended = prompt({
    input,
    output,
    complete: async (text) => answerCompletion(text, text.length),
    run: async (query) => {
      asked.push(query)
    },
  })
  const isShown = (text: string) => expect.poll(() => shown, { timeout: 20_000 }).toContain(text)
  input.write('sel\t')
  await isShown('ect ')
  input.write('cpu_p\t')
  await isShown('ercent ')
  input.write('where category = HOST\r\u0004')
  await ended
  expect(asked).toEqual(['select cpu_percent where category = HOST'])
})

test('words keep their spelling, or take the case in which they were begun', () => {
  const items = [
    { text: 'SELECT', kind: 'keyword' },
    { text: 'Sel1', kind: 'value' },
    { text: 'best_selection', kind: 'metric' },
  ] as const
  const made = (begun: string) => candidates(begun, { from: 0, to: begun.length, items: [...items] })
  expect(made('sel')).toEqual([['select '], 'sel'])
  expect(made('Sel')).toEqual([['Sel1 '], 'Sel'])
  expect(made('')).toEqual([['SELECT', 'Sel1', 'best_selection'], ''])
  expect(made('x')).toEqual([[], 'x'])
})

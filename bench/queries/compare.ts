import type { QueryRound } from '../run-queries.js'
import { type Answer, countValues, difference } from './answers.js'
import { COLUMNS } from './dialects.js'

/** Compares the answers that the dialects gave to the same aligned cases of a type; undefined with fewer than two dialects. */
export function compareRounds(
  type: string,
  rounds: QueryRound[],
): { equal: boolean; text: string } | undefined {
  const sides: { dialect: string; answers: Answer[] }[] = []
  for (const { answers } of rounds)
    for (const [key, side] of answers) if (key.startsWith(`${type}\n`)) sides.push(side)
  const first = sides.find((s) => s.dialect === COLUMNS) ?? sides[0]
  if (!first || sides.length < 2) return undefined
  for (const other of sides)
    for (const [i, answer] of first.answers.entries()) {
      const text = difference(answer, other.answers[i] ?? new Map())
      if (text) return { equal: false, text: `**differ**: ${first.dialect}, ${other.dialect}: ${text}` }
    }
  const values = first.answers.reduce((sum, answer) => sum + countValues(answer), 0)
  if (values === 0) return { equal: false, text: '**empty**' }
  return { equal: true, text: `equal (${values.toLocaleString('en')} values)` }
}

/** How each system is asked: one entry for each form of answer that is measured. */
import type { QueryCase } from '../tsbs/queries.js'
import type { Answer, QueryRequest } from './answers.js'
import { parsePromqlAnswer, promqlAlignedRequest, promqlRequest } from './promql.js'
import { type AnswerForm, parseTsqueryAnswer, tsqueryAlignedRequest, tsqueryRequest } from './tsquery.js'

export interface Dialect {
  /** As in the tables: the system, and the form where it has several. */
  name: string
  system: string
  request(query: QueryCase): QueryRequest
  /** For a window on bucket edges: asks for the samples of [from, to) whatever side the system's buckets are open on. */
  alignedRequest(query: QueryCase): QueryRequest
  parse(query: QueryCase, body: Buffer): Answer
}

const tsquery = (name: string, form: AnswerForm): Dialect => ({
  name,
  system: 'Bellwether',
  request: (query) => tsqueryRequest(query, form),
  alignedRequest: (query) => tsqueryAlignedRequest(query, form),
  parse: (query, body) => parseTsqueryAnswer(query, body, form),
})

export const COLUMNS = 'Bellwether, columns'
export const JSON_FORM = 'Bellwether, JSON'

export const DIALECTS: Dialect[] = [
  tsquery(COLUMNS, 'columns'),
  tsquery(JSON_FORM, 'json'),
  {
    name: 'VictoriaMetrics',
    system: 'VictoriaMetrics',
    request: promqlRequest,
    alignedRequest: promqlAlignedRequest,
    parse: parsePromqlAnswer,
  },
]

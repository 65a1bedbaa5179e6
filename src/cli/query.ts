import { text } from 'node:stream/consumers'
import { help, queryOptions, resolve, SettingsError, type Values } from '../config/index.js'
import type { CompletionAnswer } from '../wire/completion.js'
import { connectionProblem, tlsProblem } from '../wire/connection-problem.js'
import { type ErrorBody, type TimeSeriesResponse, WARNINGS_HEADER } from '../wire/timeseries.js'
import { get, postJson } from './post-json.js'
import { csvLines, headerWarnings } from './query-csv.js'
import { problemLines, responseLines } from './query-output.js'
import { prompt } from './query-prompt.js'
import { authoritiesFile } from './tls.js'

/** What stays the same from one query to the next. */
const VARIABLES = ['BELLWETHER_URL', 'BELLWETHER_CA', 'BELLWETHER_USER', 'BELLWETHER_PASSWORD']

const USAGE = 'bellwether query ["SELECT …"] [OPTIONS]'

const SUMMARY =
  'Asks the metrics store with a tsquery statement: the one given here, or the input; at a terminal it asks for them, and Tab\nshows what can follow.'

type QuerySettings = Values<typeof queryOptions>

/** Exit codes: 0 answered, 1 the query or the server is at fault, 2 the call is. */
export async function run(args: string[]): Promise<number> {
  let resolved: ReturnType<typeof read>
  try {
    resolved = read(args)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    process.stderr.write(`bellwether query: ${error.message}\n`)
    return 2
  }
  const { values, words } = resolved
  if (values.help) {
    process.stdout.write(help(USAGE, SUMMARY, queryOptions))
    return 0
  }
  const isPrompt = words.length === 0 && process.stdin.isTTY === true && process.stdout.isTTY === true
  const query = words.length > 0 || isPrompt ? words.join(' ') : await text(process.stdin)
  if (!isPrompt && query.trim() === '') {
    process.stderr.write(
      `Which query? For example:\n  bellwether query "select cpu_percent where category = HOST"\n`,
    )
    return 2
  }
  if (values.csv && values.json) {
    process.stderr.write('bellwether query: --csv and --json: choose one of them.\n')
    return 2
  }
  // The reader may close the pipe early (`| head`); that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  if (!isPrompt) return ask(query, values)
  await prompt({
    input: process.stdin,
    output: process.stdout,
    complete: (line) => completion(line, values),
    run: (statement) => ask(statement, values),
  })
  return 0
}

async function completion(line: string, values: QuerySettings): Promise<CompletionAnswer | null> {
  const parameters = new URLSearchParams({ query: line, offset: String(line.length) })
  const response = await get(`${values.url}/api/v45/timeseries/complete?${parameters}`, {
    headers: login(values),
    caFile: values.ca,
  })
  const body = await response.text()
  return response.ok ? (JSON.parse(body) as CompletionAnswer) : null
}

async function ask(query: string, values: QuerySettings): Promise<number> {
  let response: Response
  try {
    response = await postJson(
      `${values.url}/api/v45/timeseries`,
      {
        query,
        from: values.from,
        to: values.to,
        contentType: values.csv ? 'text/csv' : 'application/json',
        desiredRollup: values.rollup,
        mustUseDesiredRollup: false,
      },
      { headers: login(values), caFile: values.ca },
    )
  } catch (error) {
    const context = { url: values.url, caOption: '--ca' }
    const problem = tlsProblem(error, context)
    process.stderr.write(
      problem
        ? `bellwether query: ${problem}.\n`
        : `bellwether query: nothing answers at ${values.url} (${connectionProblem(error, context)}). Is Bellwether running? --url says where.\n`,
    )
    return 1
  }
  try {
    if (!response.ok) return await fail(query, response)
    if (values.csv) return await passCsv(response)
    return values.json ? await pass(response) : await print(response)
  } catch {
    // What the API cannot say any more after the first bytes, it says by ending the connection.
    process.stderr.write(
      'bellwether query: the answer broke off: the log of the monitor says why. Ask for less, or try again.\n',
    )
    return 1
  }
}

async function print(response: Response): Promise<number> {
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR
  const answer = (await response.json()) as TimeSeriesResponse
  process.stdout.write(responseLines(answer, { width: process.stdout.columns ?? 120, colour }).join('\n'))
  process.stdout.write('\n')
  return answer.items.some((item) => (item.errors?.length ?? 0) > 0) ? 1 : 0
}

function read(args: string[]) {
  const given = VARIABLES.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []))
  const resolved = resolve(queryOptions, args, Object.fromEntries(given))
  authoritiesFile(resolved.values.ca, '--ca')
  return resolved
}

/** Only where it is asked for: this machine needs none, unless logins are switched on for everything. */
function login({ user, password }: { user: string; password: string }): Record<string, string> {
  if (password === '') return {}
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

async function pass(response: Response): Promise<number> {
  for await (const chunk of response.body ?? []) {
    if (!process.stdout.write(chunk)) await new Promise((resume) => process.stdout.once('drain', resume))
  }
  return 0
}

/** Rows to the output, warnings to the other one. */
async function passCsv(response: Response): Promise<number> {
  const warn = (text: string) => process.stderr.write(`warning: ${text}\n`)
  for (const warning of headerWarnings(response.headers.get(WARNINGS_HEADER))) warn(warning)
  const lines = csvLines(warn)
  const rows = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(
    new TransformStream<string, Uint8Array>({
      transform: (text, out) => out.enqueue(Buffer.from(lines.rows(text))),
      flush: (out) => out.enqueue(Buffer.from(lines.rest())),
    }),
  )
  return pass(new Response(rows ?? null))
}

async function fail(query: string, response: Response): Promise<number> {
  const text = await response.text()
  let body: ErrorBody
  try {
    body = JSON.parse(text)
  } catch {
    body = { message: text.slice(0, 500) || `status ${response.status}` }
  }
  const lines = body.problems?.length ? problemLines(query, body.problems) : [body.message]
  process.stderr.write(`${lines.join('\n')}\n`)
  return 1
}

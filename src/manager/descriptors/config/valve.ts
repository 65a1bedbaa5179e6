import type { Parameter } from '../model/parameter.js'
import type { ConfigMessage } from './message.js'

/** Lines `KEY=VALUE`, blank ones and comments left out. `bad` are the lines that are neither. */
export function environmentLines(text: string): { variables: [string, string][]; bad: string[] } {
  const variables: [string, string][] = []
  const bad: string[] = []
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const match = /^\s*([A-Za-z_][A-Za-z0-9_.-]*)=(.*)$/.exec(line)
    if (match) variables.push([match[1]!, match[2]!])
    else bad.push(line)
  }
  return { variables, bad }
}

const property = /<property>\s*(?:<(name|value|final|description|source)>[^<]*<\/\1>\s*)+<\/property>/g

/** What of the XML of a safety valve is neither a property nor a comment; blank when all is well. */
export function strayXml(text: string): string {
  return withoutComments(text).replace(property, '').trim()
}

/** By hand: a pattern would look for the end once for each beginning. */
function withoutComments(text: string): string {
  let out = ''
  let from = 0
  for (;;) {
    const start = text.indexOf('<!--', from)
    const end = start < 0 ? -1 : text.indexOf('-->', start + 4)
    if (end < 0) return out + text.slice(from)
    out += text.slice(from, start)
    from = end + 3
  }
}

/** Text that is put into a file or the environment as it is has to fit in there, or nothing would start. */
export function checkValve(
  parameter: Parameter,
  value: string,
  wrong: (code: ConfigMessage['code'], text: string) => void,
): void {
  if (parameter.purpose === 'ENV_SAFETY_VALVE') {
    const [first] = environmentLines(value).bad
    if (first !== undefined)
      wrong('BAD_TEXT', 'has a line that is not KEY=VALUE; every line sets one environment variable')
  }
  if (parameter.file?.endsWith('.xml') && parameter.purpose === 'FILE_SAFETY_VALVE' && strayXml(value) !== '')
    wrong('BAD_TEXT', 'must be <property><name>…</name><value>…</value></property>, any number of them')
}

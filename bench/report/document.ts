/** Puts the tables between the markers of a document and leaves the rest as it is. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

const BEGIN = '<!-- Written by `npm run bench`: do not edit. -->'
const END = '<!-- End of what `npm run bench` writes. -->'

const NEW_DOCUMENT = `# Benchmarks

\`npm run bench\` measures Bellwether beside the peers that are installed, and writes everything below. \`npm run bench -- --help\`
lists what else it can do. On Debian: \`apt-get install victoria-metrics prometheus influxdb\`; these packages are years old, so the
versions matter.

${BEGIN}
${END}
`

export function writeDocument(path: string, text: string): void {
  const old = existsSync(path) ? readFileSync(path, 'utf8') : NEW_DOCUMENT
  const begin = old.indexOf(BEGIN)
  const end = old.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`${path} lacks the markers ${BEGIN} and ${END}`)
  writeFileSync(path, `${old.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${old.slice(end)}`)
}

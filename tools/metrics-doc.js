// Writes docs/metrics.md from the agent's metric catalogue. `node tools/metrics-doc.js --check` fails if it is out of date.
import { readFileSync, writeFileSync } from 'node:fs'

const source = new URL('../src/agent/catalogue/metrics.json', import.meta.url)
const target = new URL('../docs/metrics.md', import.meta.url)

const headings = {
  HOST: 'Hosts',
  DISK: 'Disks',
  FILESYSTEM: 'File systems',
  NETWORK_INTERFACE: 'Network interfaces',
  ROLE: 'Processes of roles',
}

function unit({ unitNumerators, unitDenominators }) {
  const text = unitNumerators.join(' · ')
  return unitDenominators.length > 0 ? `${text} per ${unitDenominators.join(' · ').replace(/s$/, '')}` : text
}

/** Aligned, as the formatter leaves it. */
function table(header, rows) {
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => row[i].length)))
  const line = (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
}

const metrics = JSON.parse(readFileSync(source, 'utf8'))
const lines = [
  '# Metrics of the agent',
  '',
  '<!-- Written by tools/metrics-doc.js from src/agent/catalogue/metrics.json: change it there. -->',
  '',
  'What the agent collects, by the category of the entity. A metric `x_rate` is the growth of the counter `total_x`, which is',
  'stored too: `dt0(total_x)` gives the same over any other time. Names are those of Cloudera Manager where it has them.',
]
for (const [category, heading] of Object.entries(headings)) {
  const rows = metrics
    .filter(({ categories }) => categories.includes(category))
    .map((metric) => [`\`${metric.name}\``, unit(metric), metric.description])
  lines.push('', `## ${heading} (\`${category}\`)`, '', ...table(['metric', 'unit', 'what'], rows))
}
const text = `${lines.join('\n')}\n`

if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('docs/metrics.md is out of date: run "node tools/metrics-doc.js"')
    process.exit(1)
  }
} else writeFileSync(target, text)

import { shownDefault } from './help.js'
import { flagOf, type Option, variableOf } from './option.js'
import type { Options } from './resolve.js'
import { optionsOfCommands } from './settings/index.js'

interface Taken {
  readonly command: string
  readonly option: Option
}

/** The table of docs/settings.md: every setting of every command. */
export function renderSettings(): string {
  const byKey = new Map<string, Taken[]>()
  for (const [command, options] of Object.entries<Options>(optionsOfCommands))
    for (const option of Object.values(options)) {
      if (option.key === 'help') continue
      byKey.set(option.key, [...(byKey.get(option.key) ?? []), { command, option }])
    }
  const rows = [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, takers]) => row(key, takers))
  return ['| setting | default | of | what |', '| --- | --- | --- | --- |', ...rows, ''].join('\n')
}

function row(key: string, takers: readonly Taken[]): string {
  const [first] = takers as [Taken, ...Taken[]]
  const { secret, placeholder, help } = first.option
  const name = secret ? variableOf(key) : [flagOf(key), placeholder].filter(Boolean).join(' ')
  const common = shownDefault(first.option)
  const defaults = takers
    .filter(({ option }, i) => i === 0 || shownDefault(option) !== common)
    .map(({ command, option }, i) => `${i === 0 ? '' : `${command}: `}${shownDefault(option) || '–'}`)
  const cells = [`\`${name}\``, defaults.join('; '), takers.map(({ command }) => command).join(', '), help]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`
}

const TABLE = /(<!-- settings: [^>]* -->\n)[\s\S]*?(<!-- end of settings -->)/

/** The document with its table as it is now. */
export function replaceSettings(document: string): string {
  return document.replace(TABLE, (_, start: string, end: string) => `${start}\n${renderSettings()}\n${end}`)
}

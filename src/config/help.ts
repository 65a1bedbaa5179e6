import { flagOf, type Option, variableOf } from './option.js'
import type { Options } from './resolve.js'

/** The text of `--help`: every option with its flag, its variable and its default. */
export function help(usage: string, summary: string, options: Options): string {
  const rows = Object.values(options).map((option) => {
    const left = option.secret
      ? '(variable or file only)'
      : `${flagOf(option.key)}${option.placeholder ? ` ${option.placeholder}` : ''}`
    const shown = shownDefault(option)
    return [left, `${option.help}${shown === '' ? '' : ` [${shown}]`}`, variableOf(option.key)] as const
  })
  const width = Math.max(...rows.map(([left]) => left.length), 13)
  const lines = rows.map(
    ([left, text, variable]) => `  ${left.padEnd(width)}  ${text}\n  ${' '.repeat(width)}  ${variable}`,
  )
  lines.push(
    `  ${'--config FILE'.padEnd(width)}  A JSON file with settings, by their camel-case names\n  ${' '.repeat(width)}  BELLWETHER_CONFIG`,
  )
  return `${summary}\n\nUsage: ${usage}\n\n${lines.join('\n')}\n`
}

/** Empty where there is none to show. */
export const shownDefault = (option: Option): string =>
  option.secret || option.default === '' || option.default === false
    ? ''
    : (option.shownDefault ?? String(option.default))

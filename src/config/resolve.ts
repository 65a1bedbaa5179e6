import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { flagOf, type Option, variableOf } from './option.js'
import { optionsOfCommands } from './settings/index.js'

export type Options = Record<string, Option>
export type Values<O extends Options> = { [K in keyof O]: O[K] extends Option<infer T> ? T : never }

/** Everything wrong with the settings, one line each; meant to be printed as it is. */
export class SettingsError extends Error {
  override name = 'SettingsError'
}

interface Given {
  text: string
  from: string
}

/**
 * Settles the value of every option: flag before environment variable before file before default.
 *
 * Returns the values and the words that belong to no flag. Throws `SettingsError` naming each bad setting, where it came
 * from and what is allowed there.
 *
 * ```ts
 * resolve({ port: { key: 'port', parse: port, default: 7180, help: '…', placeholder: 'PORT' } }, ['--port', '80'], {})
 * // { values: { port: 80 }, words: [] }
 * ```
 */
export function resolve<O extends Options>(
  options: O,
  args: readonly string[],
  env: Record<string, string | undefined>,
): { values: Values<O>; words: string[] } {
  const problems: string[] = []
  const { flags, words } = readFlags(options, args)
  const file = flags.get('config')?.text ?? env.BELLWETHER_CONFIG
  const fromFile = file ? readFile(file, options, problems) : new Map<string, Given>()
  const values: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(options)) {
    const variable = variableOf(option.key)
    const given =
      flags.get(option.key) ??
      (env[variable] === undefined ? undefined : { text: env[variable], from: variable }) ??
      fromFile.get(option.key)
    values[name] = option.default
    if (!given) continue
    try {
      values[name] = option.parse(given.text)
    } catch (error) {
      const shown = option.secret ? 'its value' : JSON.stringify(given.text)
      problems.push(`${given.from}: ${shown} ${(error as Error).message}`)
    }
  }
  if (problems.length > 0) throw new SettingsError(problems.join('\n'))
  return { values: values as Values<O>, words }
}

function readFlags(
  options: Options,
  args: readonly string[],
): { flags: Map<string, Given>; words: string[] } {
  const config: Record<string, { type: 'string' | 'boolean'; short?: string }> = {
    config: { type: 'string' },
  }
  const keyOfFlag = new Map<string, string>([['config', 'config']])
  for (const { key, placeholder, short, secret } of Object.values(options)) {
    if (secret) continue
    const name = flagOf(key).slice(2)
    keyOfFlag.set(name, key)
    config[name] = { type: placeholder ? 'string' : 'boolean', ...(short ? { short } : {}) }
  }
  let parsed: { values: Record<string, unknown>; positionals: string[] }
  try {
    parsed = parseArgs({ args: [...args], options: config, allowPositionals: true, strict: true })
  } catch (error) {
    // Node's message names the flag and what is wrong; the hint that follows it speaks of positionals and misleads.
    const message = (error as Error).message.split('. ')[0]!
    const hint = hintFor(/^Unknown option '--([^']+)'/.exec(message)?.[1])
    throw new SettingsError(`${message}${hint}. See --help.`)
  }
  const flags = new Map<string, Given>()
  for (const [name, value] of Object.entries(parsed.values))
    flags.set(keyOfFlag.get(name)!, { text: String(value), from: `--${name}` })
  return { flags, words: parsed.positionals }
}

function readFile(path: string, options: Options, problems: string[]): Map<string, Given> {
  const known = new Set(Object.values(options).map(({ key }) => key))
  const given = new Map<string, Given>()
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new SettingsError(`The settings file ${path} cannot be read: ${(error as Error).message}`)
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new SettingsError(`The settings file ${path} must hold one JSON object`)
  for (const [key, value] of Object.entries(content)) {
    if (!known.has(key)) {
      // One file may serve several roles.
      const near = keysOfRoles().get(plain(key))
      if (near !== key)
        problems.push(
          `${path}: there is no setting "${key}"${near ? `; did you mean "${near}"?` : '. See --help.'}`,
        )
      continue
    }
    if (typeof value === 'object')
      problems.push(`${path}: "${key}" must be a text, a number or true or false`)
    else given.set(key, { text: String(value), from: `${path}: "${key}"` })
  }
  return given
}

/** What to do about a flag that this command does not have, where the setting is another command's, or a secret. */
function hintFor(flag: string | undefined): string {
  if (flag === undefined) return ''
  for (const [command, options] of Object.entries<Options>(optionsOfCommands))
    for (const { key, secret } of Object.values(options)) {
      if (flagOf(key) !== `--${flag}`) continue
      return secret
        ? `: it is a secret, for the variable ${variableOf(key)} or a file`
        : `: it is a setting of ${command}; roles that up starts get it as the variable ${variableOf(key)}`
    }
  return ''
}

const plain = (key: string) => key.replace(/[-_]/g, '').toLowerCase()

/** The settings of every role, by their names without case and dashes. */
function keysOfRoles(): Map<string, string> {
  const options = Object.values<Options>(optionsOfCommands)
  return new Map(options.flatMap((each) => Object.values(each).map(({ key }) => [plain(key), key])))
}

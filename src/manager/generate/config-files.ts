import type { BundledFile, ConfigGenerator, ConfigWriter, Logging } from '../descriptors/index.js'
import { logFile } from '../descriptors/index.js'
import { additionalEntries, type Entry, type PasswordScript, parameterEntries } from './entries.js'
import { fitsGflags, writeGflags } from './formats/gflags.js'
import { fitsXml, writeHadoopXml } from './formats/hadoop-xml.js'
import { writeLog4j, writeLogback } from './formats/logging.js'
import { withValve, writeProperties } from './formats/properties.js'
import { lookupIn } from './lookup.js'
import { writePeers } from './peers.js'
import { type Context, textOf } from './scope.js'
import { substitute } from './substitute.js'

/** A file before it is known whether others may see it. */
export interface DraftFile {
  readonly path: string
  readonly contents: Uint8Array
  readonly mode: number
  readonly refreshable: boolean
  readonly origin: 'GENERATED' | 'DEPENDENCY' | 'BUNDLE'
}

const READABLE = 0o640
const SECRET = 0o600
const SCRIPT = 0o700

/** All files of a config writer and of the logging beside it. */
export function configFiles(
  context: Context,
  writer: ConfigWriter,
  logging: Logging | undefined,
  bundle: readonly BundledFile[],
): DraftFile[] {
  const scripts: PasswordScript[] = []
  const out: DraftFile[] = []
  for (const generator of writer.generators) {
    const file = generate(context, generator, scripts)
    if (file) out.push(file)
  }
  for (const { filename, sourceFilename } of writer.auxConfigGenerators) {
    const source = bundle.find((each) => each.path === sourceFilename)
    if (sourceFilename !== undefined && !source)
      context.problems.push({
        place: `file ${filename}`,
        message: `the descriptor has no file ${sourceFilename}; add it to the jar`,
      })
    out.push(draft(filename, appended(source?.contents, valve(context, filename))))
  }
  for (const generator of writer.peerConfigGenerators) {
    const secret = generator.params.some((name) =>
      context.service.roles.some((role) => role.config.get(name)?.parameter.sensitive),
    )
    out.push({
      ...draft(generator.filename, writePeers(context, generator)),
      refreshable: generator.refreshable,
      mode: secret ? SECRET : READABLE,
    })
  }
  const log = logging && logConfig(context, logging)
  if (log) out.push(log)
  for (const { parameter, path } of new Map(scripts.map((each) => [each.path, each])).values())
    out.push({ ...draft(path, passwordScript(textOf(context.config, parameter) ?? '')), mode: SCRIPT })
  return out
}

function generate(
  context: Context,
  generator: ConfigGenerator,
  scripts: PasswordScript[],
): DraftFile | undefined {
  const { filename, configFormat } = generator
  if (configFormat === 'unknown') return undefined
  const place = `file ${filename}`
  const entries = [
    ...parameterEntries(context, generator, scripts),
    ...additionalEntries(context, generator.additionalConfigs, place),
  ]
  checkFormat(context, entries, configFormat, place)
  const write = { hadoop_xml: writeHadoopXml, properties: writeProperties, gflags: writeGflags }[configFormat]
  return {
    ...draft(filename, write(entries, valve(context, filename))),
    refreshable: generator.refreshable,
    mode: entries.some((each) => each.sensitive) ? SECRET : READABLE,
  }
}

function checkFormat(context: Context, entries: readonly Entry[], format: string, place: string): void {
  for (const { key, value } of entries) {
    if (format === 'hadoop_xml' && !(fitsXml(key) && fitsXml(value)))
      context.problems.push({
        place: `${place}, entry ${key}`,
        message: 'has a character that XML cannot carry; remove it from the value',
      })
    if (format === 'gflags' && !fitsGflags(value))
      context.problems.push({
        place: `${place}, entry ${key}`,
        message: 'has a line end, or blanks at its end, which a flag cannot carry; remove it from the value',
      })
  }
}

function logConfig(context: Context, logging: Logging): DraftFile | undefined {
  const path = logFile(logging)
  if (path === undefined) return undefined
  const value = (name: string) => textOf(context.config, name)
  const place = `file ${path}`
  const directory = value('log_dir')
  const write = logging.loggingType === 'log4j' ? writeLog4j : writeLogback
  return draft(
    path,
    write({
      directory,
      file:
        logging.filename === undefined
          ? undefined
          : substitute(logging.filename, lookupIn(context), place, context.problems),
      threshold: value('log_threshold') ?? 'INFO',
      maxMegabytes: value('max_log_size') ?? '200',
      backups: value('max_log_backup_index') ?? '10',
      additional: additionalEntries(context, logging.additionalConfigs, place),
      valve: value(`${logging.loggingType}_safety_valve`) ?? '',
    }),
  )
}

/** The safety valve of a file, wherever its parameter's name comes from. */
function valve(context: Context, file: string): string {
  for (const { parameter, value } of context.config.values())
    if (parameter.purpose === 'FILE_SAFETY_VALVE' && parameter.file === file) return value ?? ''
  return ''
}

function appended(source: Uint8Array | undefined, text: string): Uint8Array {
  if (!source || text === '') return source ?? Buffer.from(withValve('', text))
  const newline = source.at(-1) === 0x0a ? '' : '\n'
  return Buffer.concat([source, Buffer.from(newline + withValve('', text))])
}

/** A script that prints a password: in single quotes nothing has a meaning but the quote itself. */
function passwordScript(password: string): string {
  return `#!/bin/sh\nprintf '%s\\n' '${password.replaceAll("'", `'\\''`)}'\n`
}

function draft(path: string, contents: string | Uint8Array): DraftFile {
  return {
    path,
    contents: typeof contents === 'string' ? Buffer.from(contents) : contents,
    mode: READABLE,
    refreshable: false,
    origin: 'GENERATED',
  }
}

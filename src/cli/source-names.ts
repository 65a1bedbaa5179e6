import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * From here on, stacks of errors name the files of `src/`, not those of the build, which hold many each: as
 * `node --enable-source-maps` does, but a map is read when a first stack asks for it instead of at the start of every command.
 * Frames without a map are left as they are.
 */
export function nameSources(): void {
  Error.prepareStackTrace = (error, frames) => [heading(error), ...frames.map(line)].join('\n')
}

function heading(error: Error): string {
  try {
    return String(error)
  } catch {
    return 'Error'
  }
}

function line(frame: NodeJS.CallSite): string {
  const text = `    at ${frame}`
  const [file, row, column] = [frame.getFileName(), frame.getLineNumber(), frame.getColumnNumber()]
  if (!file?.startsWith('file:') || row === null || column === null) return text
  const entry = mapOf(file)?.findEntry(row - 1, column - 1)
  if (!entry || !('originalSource' in entry)) return text
  const source = fileURLToPath(new URL(entry.originalSource, file))
  const place = `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
  return text.replace(`${file}:${row}:${column}`, () => place)
}

const maps = new Map<string, SourceMap | undefined>()

function mapOf(file: string): SourceMap | undefined {
  if (!maps.has(file)) maps.set(file, read(file))
  return maps.get(file)
}

/** Whatever is wrong with the map: the error that is to be shown matters more. */
function read(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${file}.map`), 'utf8')))
  } catch {
    return undefined
  }
}

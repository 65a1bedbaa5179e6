import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { EngineError } from './errors.js'

const require = createRequire(import.meta.url)

/** The npm package that brings `libchdb.so` for a platform: `@chdb/lib-linux-x64-gnu`, `@chdb/lib-darwin-arm64`. */
export function libraryPackage(platform: string = process.platform, arch: string = process.arch): string {
  return `@chdb/lib-${platform}-${arch}${platform === 'linux' ? '-gnu' : ''}`
}

/** Path of the shared library that holds the ClickHouse server. */
export function findLibrary(name = libraryPackage()): string {
  try {
    return require.resolve(`${name}/libchdb.so`)
  } catch (cause) {
    throw new EngineError('library-missing', { subject: name }, { cause })
  }
}

/**
 * The child's program. It always runs transpiled, so from the sources (under vitest) it is looked for in dist/.
 */
export function findChildProgram(): string {
  const here = fileURLToPath(new URL('.', import.meta.url))
  const folder = import.meta.url.endsWith('.ts')
    ? here.replace(/([\\/])src([\\/]engine[\\/])$/, '$1dist$2')
    : here
  const program = `${folder}clickhouse-child.js`
  if (!existsSync(program)) throw new EngineError('build-missing', { subject: program })
  return program
}

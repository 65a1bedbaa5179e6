import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { packagePath } from '../wire/package-folder.js'
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

/** The child's program, as built. */
export function findChildProgram(): string {
  const program = packagePath('dist/engine/clickhouse-child.js')
  if (!existsSync(program)) throw new EngineError('build-missing', { subject: program })
  return program
}

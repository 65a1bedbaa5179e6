import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeZip } from './zip.js'

/** The third-party-style service descriptor of the tests, packed as a jar. */
export function greeterJar(): Buffer {
  const folder = join(import.meta.dirname, '../fixtures/greeter')
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
  return makeZip([
    { name: 'META-INF/MANIFEST.MF', data: 'Manifest-Version: 1.0\n' },
    ...paths.map((path) => ({ name: path.slice(folder.length + 1), data: readFileSync(path) })),
  ])
}

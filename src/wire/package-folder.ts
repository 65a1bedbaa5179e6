import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

let folder: string | undefined

/**
 * Path of something that comes with the package, from the folder that holds `package.json`:
 * `packagePath('descriptors/health')`. Code cannot tell it from its own place: the build puts many modules into one file.
 */
export function packagePath(path: string): string {
  folder ??= find(dirname(fileURLToPath(import.meta.url)))
  return join(folder, path)
}

function find(from: string): string {
  for (let each = from; ; each = dirname(each)) {
    if (existsSync(join(each, 'package.json'))) return each
    if (dirname(each) === each) throw new Error(`There is no package.json above ${from}.`)
  }
}

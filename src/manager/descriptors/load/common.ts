import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packagePath } from '../../../wire/package-folder.js'
import type { BundledFile } from '../model/service.js'

/** The folder of the service types that come with us. */
export function ourDescriptors(): string {
  return packagePath('descriptors')
}

/** The shell library that every process gets as `common/`, sorted by path. */
export async function loadCommonFiles(folder = join(ourDescriptors(), 'common')): Promise<BundledFile[]> {
  const names = (await readdir(folder)).sort()
  return Promise.all(names.map(async (path) => ({ path, contents: await readFile(join(folder, path)) })))
}

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadDescriptors, type ServiceDescriptor } from '../../../../src/manager/descriptors/index.js'
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

/** The same, read. */
export async function readGreeter(): Promise<ServiceDescriptor> {
  const folder = mkdtempSync(join(tmpdir(), 'bw-greeter-'))
  try {
    writeFileSync(join(folder, 'GREETER-1.0.jar'), greeterJar())
    const { descriptors } = await loadDescriptors([{ path: folder }])
    return descriptors[0]!
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ServiceDescriptor } from '../model/service.js'
import type { Problem } from '../problem.js'
import { type Bundle, BundleError } from './bundle.js'
import { describeBundle } from './describe.js'
import { readFolder } from './folder.js'
import { readJar } from './jar.js'

/** Where descriptors are looked for: jars and unpacked folders, one level deep. */
export interface DescriptorFolder {
  readonly path: string
  /** Ours: such types cannot be taken over by a jar. */
  readonly builtIn?: boolean
}

export interface Refused {
  /** `csdName`: the file's name without `.jar`. */
  readonly name: string
  readonly path: string
  /** The service type, where it could be read. */
  readonly type: string | undefined
  readonly problems: readonly Problem[]
}

/** A mistake of a service type that can be used all the same. */
export interface Warning extends Problem {
  /** Path of its jar or folder. */
  readonly bundle: string
}

/** Everything that was found: what can be used, and what cannot with the reasons. */
export interface DescriptorSet {
  readonly descriptors: readonly ServiceDescriptor[]
  readonly refused: readonly Refused[]
  /** Warnings of what was loaded. */
  readonly warnings: readonly Warning[]
}

/** Beside the service types that come with us: the shell library, and the health tests. */
const NO_SERVICE_TYPES = new Set(['common', 'health'])

/**
 * Reads all descriptors of some folders. Never throws for what it finds there: what cannot be used is in `refused`. A
 * folder that does not exist holds nothing.
 *
 * ```ts
 * const set = await loadDescriptors([{ path: ourDescriptors(), builtIn: true }, { path: '/opt/csd' }])
 * set.descriptors.map((each) => each.type) // ['HDFS', 'MGMT', 'PROCESS', 'ZOOKEEPER', 'KAFKA']
 * ```
 */
export async function loadDescriptors(folders: readonly DescriptorFolder[]): Promise<DescriptorSet> {
  const descriptors: ServiceDescriptor[] = []
  const refused: Refused[] = []
  const warnings: Warning[] = []
  const refuse = (name: string, path: string, code: Problem['code'], message: string, type?: string) =>
    refused.push({
      name,
      path,
      type,
      problems: [{ level: 'error', code, file: path, path: '', message }],
    })
  for (const folder of folders)
    for (const entry of await entries(folder.path, refuse)) {
      let bundle: Bundle
      try {
        bundle = entry.jar ? await readJar(entry.path) : await readFolder(entry.path, folder.builtIn === true)
      } catch (error) {
        if (!(error instanceof BundleError)) throw error
        refuse(entry.name, entry.path, 'BAD_JAR', error.message)
        continue
      }
      const { descriptor, problems } = describeBundle(bundle)
      if (!descriptor) {
        refused.push({ name: bundle.name, path: bundle.path, type: undefined, problems: inOrder(problems) })
        continue
      }
      const rival = descriptors.find((each) => overlaps(each, descriptor))
      if (rival) refuse(bundle.name, bundle.path, 'CONFLICT', conflict(descriptor, rival), descriptor.type)
      else {
        descriptors.push(descriptor)
        warnings.push(...inOrder(problems).map((each) => ({ ...each, bundle: bundle.path })))
      }
    }
  return { descriptors, refused, warnings }
}

/** As they stand in the files, from the top. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const line = (each: Problem) => (each.line ?? 0) * 10_000 + (each.column ?? 0)
  return [...problems].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : line(a) - line(b)))
}

interface Entry {
  readonly name: string
  readonly path: string
  readonly jar: boolean
}

async function entries(
  folder: string,
  refuse: (name: string, path: string, code: 'UNREADABLE', message: string) => void,
): Promise<Entry[]> {
  try {
    const found = await readdir(folder, { withFileTypes: true })
    return found
      .map((each) => ({ name: each.name, path: join(folder, each.name), jar: /\.jar$/i.test(each.name) }))
      .filter(
        (each, i) =>
          each.jar ||
          (found[i]!.isDirectory() && !each.name.startsWith('.') && !NO_SERVICE_TYPES.has(each.name)),
      )
      .map((each) => ({ ...each, name: each.name.replace(/\.jar$/i, '') }))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT')
      refuse(
        folder,
        folder,
        'UNREADABLE',
        `cannot be read (${message}); check that it is a folder and its permissions`,
      )
    return []
  }
}

/** Two descriptors of one type may only stand side by side with another version or another range of cluster versions. */
function overlaps(a: ServiceDescriptor, b: ServiceDescriptor): boolean {
  if (a.type !== b.type) return false
  if (a.origin.builtIn !== b.origin.builtIn) return true
  const [x, y] = [a.compatibility.cdhVersion, b.compatibility.cdhVersion]
  return x.min === y.min && x.max === y.max && a.version === b.version
}

function conflict(descriptor: ServiceDescriptor, rival: ServiceDescriptor): string {
  if (rival.origin.builtIn)
    return `defines ${descriptor.type}, which is built in; give the service type another name`
  return `defines ${descriptor.type} ${descriptor.version}, as ${rival.origin.path} does; remove one of the two`
}

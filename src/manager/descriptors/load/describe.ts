import { createHash } from 'node:crypto'
import { checkDuplicates } from '../check/duplicates.js'
import { reservedServiceTypes } from '../check/names.js'
import { checkReferences } from '../check/references.js'
import { checkSubstitutions } from '../check/substitutions.js'
import { complete } from '../derive/complete.js'
import { type Document, parseDescriptorJson } from '../json/parse.js'
import { collect, fail, type Place } from '../json/read.js'
import { checkMetrics } from '../mdl/check.js'
import { readMetrics } from '../mdl/read.js'
import type { ServiceMetrics } from '../model/mdl.js'
import type { BundledFile, ServiceDescriptor } from '../model/service.js'
import type { Problem } from '../problem.js'
import { readService } from '../sdl/service.js'
import type { Bundle } from './bundle.js'

export const SDL = 'descriptor/service.sdl'
export const MDL = 'descriptor/service.mdl'

export interface Described {
  /** Undefined when a problem of level error was found. */
  readonly descriptor: ServiceDescriptor | undefined
  readonly problems: readonly Problem[]
}

/**
 * Makes the descriptor of a bundle: reads its `service.sdl` and `service.mdl`, checks them and adds what the framework
 * derives. All mistakes are reported, not only the first. Mistakes in the MDL cost its metrics, never the service type.
 */
export function describeBundle(bundle: Bundle): Described {
  const problems: Problem[] = []
  const document = parse(bundle, SDL, problems)
  if (!document) return { descriptor: undefined, problems }
  const top = place(bundle, SDL, document, problems)
  const written = readService(document.value, top)
  if (written) {
    checkDuplicates(written, top)
    if (!bundle.builtIn && reservedServiceTypes.has(written.type))
      fail(
        { ...top, path: ['name'] },
        'CONFLICT',
        `${written.type} is the name of a built-in service type elsewhere; choose another unless this is meant`,
        'warning',
      )
  }
  if (!written || problems.some((each) => each.level === 'error')) return { descriptor: undefined, problems }

  const metrics = describeMetrics(
    bundle,
    written.type,
    written.roles.map((role) => role.type),
    problems,
  )
  const service = complete(written, metrics)
  checkReferences(service, new Set(bundle.files.keys()), top)
  checkSubstitutions(service, top)
  const descriptor: ServiceDescriptor = {
    ...service,
    metrics,
    origin: {
      name: bundle.name,
      path: bundle.path,
      kind: bundle.kind,
      builtIn: bundle.builtIn,
      sha256: digest(bundle),
    },
    files: pick(bundle, /^(scripts|aux)\//),
    images: pick(bundle, /^images\//),
    source: document.value,
  }
  return { descriptor: freeze(descriptor), problems }
}

function describeMetrics(
  bundle: Bundle,
  type: string,
  roleTypes: readonly string[],
  problems: Problem[],
): ServiceMetrics | undefined {
  if (!bundle.files.has(MDL)) return undefined
  const found: Problem[] = []
  const document = parse(bundle, MDL, found)
  const top = document && place(bundle, MDL, document, found)
  const metrics = top && readMetrics(document.value, top)
  if (metrics && metrics.type !== type) {
    fail({ ...top, path: ['name'] }, 'CONFLICT', `must be ${type}, as in the ${SDL}; correct it`)
    problems.push(...found.map(asWarning))
    return undefined
  }
  if (metrics) checkMetrics(metrics, roleTypes, top)
  problems.push(...found.map(asWarning))
  return metrics
}

const asWarning = (problem: Problem): Problem => ({ ...problem, level: 'warning' })

function parse(bundle: Bundle, name: string, problems: Problem[]): Document | undefined {
  const file = fileName(bundle, name)
  const bytes = bundle.files.get(name)
  if (!bytes) {
    problems.push({
      level: 'error',
      code: 'NO_DESCRIPTOR',
      file,
      path: '',
      message: `is missing; ${bundle.kind === 'jar' ? 'is this the jar of a service descriptor?' : 'add it'}`,
    })
    return undefined
  }
  const parsed = parseDescriptorJson(Buffer.from(bytes).toString('utf8'), file)
  if ('locate' in parsed) return parsed
  problems.push(parsed)
  return undefined
}

function place(bundle: Bundle, name: string, document: Document, problems: Problem[]): Place {
  return { path: [], reporter: collect(problems, fileName(bundle, name), document) }
}

/** `KAFKA-1.0.jar!descriptor/service.sdl`, `ZOOKEEPER/descriptor/service.sdl`. */
function fileName(bundle: Bundle, name: string): string {
  return bundle.kind === 'jar' ? `${bundle.name}.jar!${name}` : `${bundle.name}/${name}`
}

function pick(bundle: Bundle, pattern: RegExp): BundledFile[] {
  return [...bundle.files]
    .filter(([path]) => pattern.test(path))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, contents]) => ({ path, contents }))
}

function digest(bundle: Bundle): string {
  const hash = createHash('sha256')
  for (const [path, contents] of [...bundle.files].sort(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(`${path}\0${contents.length}\0`).update(contents)
  return hash.digest('hex')
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value))
    return value
  for (const each of Object.values(value)) freeze(each)
  return Object.freeze(value)
}

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HealthCategory } from '../../wire/health.js'
import {
  appliesTo,
  type HealthTestDefinition,
  type HealthTestFile,
  readHealthTestFile,
} from '../../wire/health-tests.js'
import { packagePath } from '../../wire/package-folder.js'

/** A kind of entity, as far as its tests depend on it. */
export interface Kind {
  readonly on: HealthCategory
  readonly serviceType?: string
  readonly roleType?: string
  /** Of a service: the role types that it has. */
  readonly roleTypes?: readonly string[]
}

/** A test as the entities of one kind have it: with its name, and for parameters the role type that it is of. */
export interface NamedTest {
  readonly name: string
  readonly definition: HealthTestDefinition
  readonly roleType: string
}

export interface TestCatalogue {
  readonly definitions: readonly HealthTestDefinition[]
  testsOf(kind: Kind): readonly NamedTest[]
}

/** The folder of the tests that come with us. */
export const ourTests = (): string => packagePath('descriptors/health')

/** Reads every `*.json` of the folder. Throws with the file's name when one cannot be read. */
export async function loadTestFiles(folder = ourTests()): Promise<HealthTestFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort()
  return Promise.all(
    names.map(async (name) => {
      try {
        return readHealthTestFile(JSON.parse(await readFile(join(folder, name), 'utf8')))
      } catch (error) {
        throw new Error(`health tests: ${name}: ${(error as Error).message}`, { cause: error })
      }
    }),
  )
}

/** `more`: those of other service types; one with a name that is there replaces it. */
export function createTestCatalogue(
  files: readonly HealthTestFile[],
  more: readonly HealthTestDefinition[] = [],
): TestCatalogue {
  const prefixes = new Map(files.flatMap((file) => Object.entries(file.prefixes ?? {})))
  const byKey = new Map<string, HealthTestDefinition>()
  for (const test of [...files.flatMap((file) => file.tests), ...more])
    byKey.set(`${test.on} ${test.serviceType ?? ''} ${test.name}`, test)
  const definitions = [...byKey.values()]
  const known = new Map<string, readonly NamedTest[]>()

  return {
    definitions,
    testsOf(kind) {
      const { on, serviceType = '', roleType = '', roleTypes = [] } = kind
      const key = [on, serviceType, roleType, ...roleTypes].join('\0')
      let tests = known.get(key)
      if (tests === undefined) known.set(key, (tests = named(kind)))
      return tests
    },
  }

  function named(kind: Kind): NamedTest[] {
    const { on, serviceType, roleType = '', roleTypes = [] } = kind
    const prefixOf = (type: string) => prefixes.get(`${serviceType}/${type}`) ?? type.toUpperCase()
    // Those of a service type in their place before those of all.
    const found = definitions
      .filter((test) => appliesTo(test, { on, ...(serviceType !== undefined && { serviceType }), roleType }))
      .sort((a, b) => Number(b.serviceType !== undefined) - Number(a.serviceType !== undefined))
    const out = new Map<string, NamedTest>()
    const put = (definition: HealthTestDefinition, type: string) => {
      const name = definition.name.replace('{ROLE}', prefixOf(type)).replace('{SERVICE}', serviceType ?? '')
      if (!out.has(name)) out.set(name, { name, definition, roleType: type })
    }
    for (const definition of found) {
      if (on !== 'SERVICE' || !definition.name.includes('{ROLE}')) put(definition, roleType)
      // One for each role type that no test of the service type's own is about.
      else
        for (const type of roleTypes)
          if (![...out.values()].some((test) => isAbout(test, type))) put(definition, type)
    }
    return [...out.values()]
  }
}

/** True for a test of a service that says how the roles of the type are. */
function isAbout({ definition: { source }, roleType }: NamedTest, type: string): boolean {
  if (source.kind === 'singleton' || source.kind === 'pair') return source.roleType === type
  return source.kind === 'percent' && (source.roleTypes?.includes(type) ?? roleType === type)
}

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type HealthTestDefinition, readHealthTestFile } from '../../wire/health-tests.js'
import { packagePath } from '../../wire/package-folder.js'

let tests: readonly HealthTestDefinition[] | undefined

/** Health tests that come with us and for which an agent has something to run. Read once. */
export function canaryTests(): readonly HealthTestDefinition[] {
  tests ??= read(packagePath('descriptors/health'))
  return tests
}

const read = (folder: string): HealthTestDefinition[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .flatMap((name) => readHealthTestFile(JSON.parse(readFileSync(join(folder, name), 'utf8'))).tests)
    .filter(({ source }) => source.kind === 'canary' && source.run !== undefined)

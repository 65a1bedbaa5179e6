import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type HealthTestDefinition,
  type HealthTestFile,
  readHealthTestFile,
} from '../../../wire/health-tests.js'
import { packagePath } from '../../../wire/package-folder.js'

let files: readonly HealthTestFile[] | undefined

/** The health tests that come with us, as the monitor has them: their parameters are ours to offer. */
export function ourHealthTestFiles(): readonly HealthTestFile[] {
  files ??= read(packagePath('descriptors/health'))
  return files
}

export const ourHealthTests = (): HealthTestDefinition[] => ourHealthTestFiles().flatMap(({ tests }) => tests)

/** Parameters that hold folders of a role, by what tests call them. */
export function healthPaths(
  serviceType: string,
  roleType: string,
): Readonly<Record<string, readonly string[]>> {
  const key = `${serviceType}/${roleType}`
  for (const { paths } of ourHealthTestFiles()) if (paths?.[key]) return paths[key]
  return {}
}

function read(folder: string): HealthTestFile[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => readHealthTestFile(JSON.parse(readFileSync(join(folder, name), 'utf8'))))
}

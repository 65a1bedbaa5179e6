import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { parse } from 'jsonc-parser'
import { expect, test } from 'vitest'
import { describeBundle, ourDescriptors, problemText, token } from '../../../src/manager/descriptors/index.js'
import { GenerationError, generateRole } from '../../../src/manager/generate/index.js'
import { bundle } from './support/bundle.js'
import { inputFor, serviceOf } from './support/model.js'

const read = (path: string) => parse(readFileSync(path, 'utf8'))
const originals = [
  {
    sdl: read(join(import.meta.dirname, 'fixtures/greeter/descriptor/service.sdl')),
    mdl: undefined,
  },
  ...['HDFS', 'ZOOKEEPER'].map((type) => ({
    sdl: { ...read(join(ourDescriptors(), type, 'descriptor/service.sdl')), name: 'DEMO' },
    mdl: { ...read(join(ourDescriptors(), type, 'descriptor/service.mdl')), name: 'DEMO' },
  })),
]

const odd = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    null,
    '',
    '${',
    token(''),
    '../x',
    '__proto__',
    'constructor',
    -1,
    1e308,
    [],
    {},
    [[]],
    [null],
  ),
)

/** Every place in a JSON value. */
function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path]
  return [
    path,
    ...Object.entries(value).flatMap(([key, each]) =>
      places(each, [...path, Array.isArray(value) ? Number(key) : key]),
    ),
  ]
}

function replaced(value: unknown, path: readonly (string | number)[], by: unknown): unknown {
  const [head, ...rest] = path
  if (head === undefined) return by
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) }
  ;(copy as Record<string | number, unknown>)[head] = replaced((value as never)[head], rest, by)
  return copy
}

const placesOf = new Map(
  originals.flatMap(({ sdl, mdl }) => [sdl, ...(mdl ? [mdl] : [])]).map((each) => [each, places(each)]),
)

test('a descriptor with anything anywhere is refused or works, and never crashes', async () => {
  const common = (
    await inputFor(
      serviceOf(describeBundle(bundle(originals[0]!.sdl)).descriptor!, {
        roles: [{ type: 'GREETER_SERVER' }],
      }),
    )
  ).common
  let loaded = 0
  let refused = 0
  fc.assert(
    fc.property(
      fc.constantFrom(...originals),
      fc.boolean(),
      fc.nat(),
      odd,
      ({ sdl, mdl }, inMdl, where, by) => {
        const change = (value: unknown) => {
          const all = placesOf.get(value)!
          return replaced(value, all[where % all.length]!, by)
        }
        const files = { 'scripts/control.sh': '', 'aux/client/env.sh': '', 'aux/logback.xml': '' }
        const changed = inMdl && mdl ? bundle(sdl, change(mdl), files) : bundle(change(sdl), mdl, files)
        const { descriptor, problems } = describeBundle(changed)
        for (const problem of problems) expect(problemText(problem)).toContain(problem.message)
        if (!descriptor) {
          refused++
          expect(problems.some((each) => each.level === 'error')).toBe(true)
          return
        }
        loaded++
        const service = serviceOf(descriptor, { roles: descriptor.roles.map(({ type }) => ({ type })) })
        for (const role of service.roles)
          try {
            generateRole({ service, role, common })
          } catch (error) {
            if (!(error instanceof GenerationError)) throw error
          }
      },
    ),
    { numRuns: 600 },
  )
  // Both ends of the law were reached.
  expect(loaded).toBeGreaterThan(50)
  expect(refused).toBeGreaterThan(50)
}, 120_000)

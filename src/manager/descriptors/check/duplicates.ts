import type { Segment } from '../json/parse.js'
import { fail, inside, type Place } from '../json/read.js'
import type { WrittenService } from '../sdl/service.js'

/** Names that must be unique in their list (csd.md §2.1). */
export function checkDuplicates(service: WrittenService, top: Place): void {
  const check = (values: readonly (string | undefined)[], path: readonly Segment[], field: string) => {
    const seen = new Set<string>()
    for (const [i, value] of values.entries()) {
      if (value === undefined) continue
      if (seen.has(value))
        fail(
          { ...top, path: [...top.path, ...path, i, field] },
          'DUPLICATE',
          `${JSON.stringify(value)} must be unique in its list; rename one of them`,
        )
      seen.add(value)
    }
  }
  const parameters = (list: WrittenService['parameters'], path: readonly Segment[]) => {
    check(
      list.map((each) => each.name),
      path,
      'name',
    )
    check(
      list.map((each) => (each.configName === each.name ? undefined : each.configName)),
      path,
      'configName',
    )
  }
  check(
    service.roles.map((each) => each.type),
    ['roles'],
    'name',
  )
  check(
    service.commands.map((each) => each.name),
    ['commands'],
    'name',
  )
  check(
    service.hdfsDirs.map((each) => each.name),
    ['hdfsDirs'],
    'name',
  )
  check(
    service.serviceDependencies.map((each) => each.type),
    ['serviceDependencies'],
    'name',
  )
  parameters(service.parameters, ['parameters'])
  if (service.gateway) {
    parameters(service.gateway.parameters, ['gateway', 'parameters'])
    checkFiles(service.gateway.configWriter, inside(inside(top, 'gateway'), 'configWriter'))
  }
  for (const [i, role] of service.roles.entries()) {
    parameters(role.parameters, ['roles', i, 'parameters'])
    check(
      role.commands.map((each) => each.name),
      ['roles', i, 'commands'],
      'name',
    )
    check(
      role.kerberosPrincipals.map((each) => each.name),
      ['roles', i, 'kerberosPrincipals'],
      'name',
    )
    checkFiles(role.configWriter, { ...top, path: [...top.path, 'roles', i, 'configWriter'] })
  }
}

function checkFiles(writer: WrittenService['roles'][number]['configWriter'], at: Place): void {
  const seen = new Set<string>()
  for (const list of ['generators', 'auxConfigGenerators', 'peerConfigGenerators'] as const)
    for (const [i, { filename }] of writer[list].entries()) {
      if (seen.has(filename))
        fail(
          { ...at, path: [...at.path, list, i, 'filename'] },
          'DUPLICATE',
          `${JSON.stringify(filename)} is written twice; rename one of the files`,
        )
      seen.add(filename)
    }
}

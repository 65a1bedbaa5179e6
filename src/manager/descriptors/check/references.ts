import { parametersInScope } from '../derive/scope.js'
import type { Segment } from '../json/parse.js'
import { fail, type Place } from '../json/read.js'
import type { ConfigWriter } from '../model/config-writer.js'
import { GATEWAY } from '../model/service.js'
import type { WrittenService } from '../sdl/service.js'

/**
 * Names that must exist: roles, commands, parameters, files of the jar (csd.md §5). They are warnings: a reference that
 * leads nowhere spoils what uses it, not the whole service type.
 */
export function checkReferences(service: WrittenService, files: ReadonlySet<string>, top: Place): void {
  const roleTypes = service.roles.map((role) => role.type)
  const miss = (path: readonly Segment[], name: string, known: Iterable<string>, what: string) =>
    unknown({ ...top, path: [...top.path, ...path] }, name, known, what)
  const needRole = (name: string, ...path: Segment[]) => {
    if (!roleTypes.includes(name)) miss(path, name, roleTypes, 'role type')
  }
  for (const [i, name] of service.rolesWithExternalLinks.entries())
    needRole(name, 'rolesWithExternalLinks', i)
  for (const [i, command] of service.commands.entries()) {
    needRole(command.roleName, 'commands', i, 'roleName')
    const role = service.roles.find((each) => each.type === command.roleName)
    const known = role?.commands.map((each) => each.name) ?? []
    if (role && !known.includes(command.roleCommand))
      miss(['commands', i, 'roleCommand'], command.roleCommand, known, 'command of this role type')
  }
  const serviceCommands = [...service.commands, ...service.hdfsDirs].map((each) => each.name)
  for (const list of ['preStartSteps', 'postStartSteps'] as const)
    for (const [i, step] of service.serviceInit[list].entries())
      if (!serviceCommands.includes(step.commandName))
        miss(['serviceInit', list, i, 'commandName'], step.commandName, serviceCommands, 'service command')
  if (service.stopRunner) {
    needRole(service.stopRunner.masterRole, 'stopRunner', 'masterRole')
    for (const [i, name] of service.stopRunner.relevantRoleTypes.entries())
      needRole(name, 'stopRunner', 'relevantRoleTypes', i)
  }
  if (service.providesKms) needRole(service.providesKms.roleName, 'providesKms', 'roleName')
  for (const [i, step] of (service.rollingRestart?.nonWorkerSteps ?? []).entries())
    needRole(step.roleName, 'rollingRestart', 'nonWorkerSteps', i, 'roleName')
  if (service.rollingRestart?.workerSteps)
    needRole(service.rollingRestart.workerSteps.roleName, 'rollingRestart', 'workerSteps', 'roleName')
  for (const [i, role] of service.roles.entries()) {
    for (const [j, rule] of role.topology.placementRules.entries())
      for (const name of rule.roleTypes) needRole(name, 'roles', i, 'topology', 'placementRules', j)
    const own = role.parameters.map((each) => each.name)
    for (const [j, name] of role.uniqueIdParameters.entries())
      if (!own.includes(name))
        miss(['roles', i, 'uniqueIdParameters', j], name, own, 'parameter of this role')
    checkProgram(role.startRunner.program, files, {
      ...top,
      path: [...top.path, 'roles', i, 'startRunner', 'program'],
    })
    checkWriter(service, role.type, role.configWriter, files, {
      ...top,
      path: [...top.path, 'roles', i, 'configWriter'],
    })
  }
  checkAutoConfigShares(service, top)
  const { gateway } = service
  if (!gateway) return
  const at = { ...top, path: [...top.path, 'gateway'] }
  checkWriter(service, GATEWAY, gateway.configWriter, files, { ...at, path: [...at.path, 'configWriter'] })
  for (const [i, each] of gateway.configWriter.peerConfigGenerators.entries())
    if (each.roleName === undefined)
      fail(
        { ...at, path: [...at.path, 'configWriter', 'peerConfigGenerators', i, 'roleName'] },
        'MISSING',
        'a gateway must name the role type whose roles are listed; add roleName',
        'warning',
      )
}

function checkWriter(
  service: WrittenService,
  roleType: string,
  writer: ConfigWriter,
  files: ReadonlySet<string>,
  at: Place,
): void {
  const names = (type: string) => (parametersInScope(service, type) ?? []).map((each) => each.name)
  const scope = names(roleType)
  const here = (...path: Segment[]): Place => ({ ...at, path: [...at.path, ...path] })
  for (const [i, each] of writer.generators.entries())
    for (const list of ['includedParams', 'excludedParams'] as const)
      for (const [j, name] of (each[list] ?? []).entries())
        if (!scope.includes(name)) unknown(here('generators', i, list, j), name, scope, 'parameter')
  for (const [i, each] of writer.auxConfigGenerators.entries())
    if (each.sourceFilename !== undefined && !files.has(each.sourceFilename))
      unknown(here('auxConfigGenerators', i, 'sourceFilename'), each.sourceFilename, files, 'file of the jar')
  for (const [i, each] of writer.peerConfigGenerators.entries()) {
    const type = each.roleName ?? roleType
    if (parametersInScope(service, type) === undefined) {
      const roleTypes = service.roles.map((role) => role.type)
      unknown(here('peerConfigGenerators', i, 'roleName'), type, roleTypes, 'role type')
      continue
    }
    const known = names(type)
    for (const [j, name] of each.params.entries())
      if (!known.includes(name))
        unknown(here('peerConfigGenerators', i, 'params', j), name, known, 'parameter')
  }
}

function checkProgram(program: string, files: ReadonlySet<string>, at: Place): void {
  if (program.startsWith('scripts/') && !files.has(program)) unknown(at, program, files, 'file of the jar')
}

function checkAutoConfigShares(service: WrittenService, top: Place): void {
  for (const [i, role] of service.roles.entries()) {
    const shares = role.parameters.map((each) => each.autoConfigShare).filter((share) => share !== undefined)
    const sum = shares.reduce((a, b) => a + b, 0)
    if (shares.length > 0 && Math.abs(sum - 100) > 1e-9)
      fail(
        { ...top, path: [...top.path, 'roles', i, 'parameters'] },
        'BAD_VALUE',
        `autoConfigShare of a role’s parameters must add up to 100, not ${sum}; correct them`,
        'warning',
      )
  }
}

function unknown(at: Place, name: string, known: Iterable<string>, what: string): void {
  fail(
    at,
    'UNKNOWN_REFERENCE',
    `${JSON.stringify(name)} is not a ${what}; there is: ${few(known)}`,
    'warning',
  )
}

/** The first names of a list that may be long. */
export function few(names: Iterable<string>): string {
  const all = [...names]
  if (all.length === 0) return 'none'
  return all.length > 30 ? `${all.slice(0, 30).join(', ')} and ${all.length - 30} more` : all.join(', ')
}

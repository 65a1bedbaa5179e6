import { parametersInScope } from '../derive/scope.js'
import type { Segment } from '../json/parse.js'
import { fail, type Place } from '../json/read.js'
import type { AdditionalConfig, Runner } from '../model/runner.js'
import { GATEWAY } from '../model/service.js'
import type { WrittenService } from '../sdl/service.js'
import { tokens } from '../token.js'
import { few } from './references.js'

const always = ['host', 'user', 'group', 'principal']

/** Every `${x}` of the templates must be known where it stands (csd.md §2.12); what starts with it could not start. */
export function checkSubstitutions(service: WrittenService, top: Place): void {
  const scopes = new Map<string, ReadonlySet<string>>()
  const scope = (roleType: string) => {
    let names = scopes.get(roleType)
    if (!names) {
      names = new Set([...always, ...(parametersInScope(service, roleType) ?? []).map((each) => each.name)])
      scopes.set(roleType, names)
    }
    return names
  }
  const serviceScope = new Set([...always, ...service.parameters.map((each) => each.name)])
  const at = (...path: Segment[]): Place => ({ ...top, path: [...top.path, ...path] })
  const check = (template: string | undefined, names: ReadonlySet<string>, place: Place, peers = false) => {
    for (const name of tokens(template ?? '')) {
      const open = name.startsWith('dependency:') || (peers && (name === 'peers' || name.startsWith('peer:')))
      if (names.has(name) || open) continue
      fail(place, 'UNKNOWN_SUBSTITUTION', `\${${name}} is not known here; there is: ${few(names)}`, 'warning')
    }
  }
  const runner = (each: Runner | undefined, names: ReadonlySet<string>, ...path: Segment[]) => {
    for (const [i, arg] of (each?.args ?? []).entries()) check(arg, names, at(...path, 'args', i))
    for (const [name, value] of each?.environmentVariables ?? [])
      check(value, names, at(...path, 'environmentVariables', name))
  }
  const entries = (list: readonly AdditionalConfig[], names: ReadonlySet<string>, ...path: Segment[]) => {
    for (const [i, entry] of list.entries()) {
      const peers = entry.type !== 'simple'
      check(entry.key, names, at(...path, i, 'key'), peers)
      if (entry.type !== 'authToLocal') check(entry.value, names, at(...path, i, 'value'), peers)
      if (entry.type === 'peerList') check(entry.item, names, at(...path, i, 'item'), true)
    }
  }
  for (const [i, role] of service.roles.entries()) {
    const names = scope(role.type)
    runner(role.startRunner, names, 'roles', i, 'startRunner')
    for (const [j, command] of role.commands.entries())
      runner(command.commandRunner, names, 'roles', i, 'commands', j, 'commandRunner')
    check(role.logging?.filename, names, at('roles', i, 'logging', 'filename'))
    entries(role.logging?.additionalConfigs ?? [], names, 'roles', i, 'logging', 'additionalConfigs')
    for (const [j, each] of role.configWriter.generators.entries())
      entries(each.additionalConfigs, names, 'roles', i, 'configWriter', 'generators', j, 'additionalConfigs')
    for (const [j, link] of role.externalLinks.entries()) {
      const where = j === 0 ? ['externalLink'] : ['additionalExternalLinks', j - 1]
      check(link.url, names, at('roles', i, ...where, 'url'))
      check(link.secureUrl, names, at('roles', i, ...where, 'secureUrl'))
    }
    for (const [j, each] of role.kerberosPrincipals.entries()) {
      check(each.primary, names, at('roles', i, 'kerberosPrincipals', j, 'primary'))
      check(each.instance, names, at('roles', i, 'kerberosPrincipals', j, 'instance'))
    }
  }
  const { gateway, stopRunner } = service
  if (gateway) {
    runner(gateway.scriptRunner, scope(GATEWAY), 'gateway', 'scriptRunner')
    entries(
      gateway.logging?.additionalConfigs ?? [],
      scope(GATEWAY),
      'gateway',
      'logging',
      'additionalConfigs',
    )
    for (const [i, each] of gateway.configWriter.generators.entries())
      entries(
        each.additionalConfigs,
        scope(GATEWAY),
        'gateway',
        'configWriter',
        'generators',
        i,
        'additionalConfigs',
      )
  }
  if (stopRunner) runner(stopRunner.runner, scope(stopRunner.masterRole), 'stopRunner', 'runner')
  for (const [i, dir] of service.hdfsDirs.entries()) check(dir.path, serviceScope, at('hdfsDirs', i, 'path'))
  check(service.kerberos, serviceScope, at('kerberos'))
  check(service.providesDfs?.fileSystemUri, serviceScope, at('providesDfs', 'fileSystemUri'))
  for (const [i, { entry }] of service.clientVariables.entries()) {
    check(entry.value, serviceScope, at('clientVariables', i, 'value'), true)
    check(entry.item, serviceScope, at('clientVariables', i, 'item'), true)
  }
}

import type { PeerConfigGenerator } from '../descriptors/index.js'
import { type Context, rolesOf, textOf } from './scope.js'

/**
 * A peer file: `<hostname>:<configName>=<value>` for each role of the type and each parameter, the role itself included;
 * empty when there is no such role. The parameters of one role stand together.
 */
export function writePeers(context: Context, generator: PeerConfigGenerator): string {
  const lines: string[] = []
  for (const peer of rolesOf(context.service, generator.roleName ?? context.roleType))
    for (const name of generator.params) {
      const parameter = peer.config.get(name)?.parameter
      const value = textOf(peer.config, name) ?? ''
      if (!parameter)
        context.problems.push({
          place: `file ${generator.filename}`,
          message: `${name} is not a parameter of ${peer.type}; correct the descriptor`,
        })
      else if (/[\r\n]/.test(value))
        context.problems.push({
          place: `file ${generator.filename}`,
          message: `the value of ${name} in role ${peer.name} has several lines; a peer file has one line a value`,
        })
      else lines.push(`${peer.hostname}:${parameter.configName}=${value}\n`)
    }
  return lines.join('')
}

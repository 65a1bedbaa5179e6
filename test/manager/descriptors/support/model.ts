import {
  chooseDescriptor,
  type DescriptorSet,
  type EffectiveConfig,
  GATEWAY,
  loadCommonFiles,
  loadDescriptors,
  ourDescriptors,
  parametersInScope,
  roleConfig,
  type ServiceDescriptor,
  serviceConfig,
  type Values,
} from '../../../../src/manager/descriptors/index.js'
import type { ProcessInput, RoleInstance, ServiceInstance } from '../../../../src/manager/generate/index.js'

let ours: Promise<DescriptorSet> | undefined

/** One of the service types that come with us. */
export async function ourType(type: string): Promise<ServiceDescriptor> {
  ours ??= loadDescriptors([{ path: ourDescriptors(), builtIn: true }])
  const found = chooseDescriptor((await ours).descriptors, type, '7.1.7')
  if (!found) throw new Error(`there is no service type ${type}`)
  return found
}

export interface RoleSpec {
  readonly type: string
  readonly name?: string
  readonly hostname?: string
  readonly config?: Values
}

export interface ServiceSpec {
  readonly name?: string
  readonly config?: Values
  readonly groups?: Readonly<Record<string, Values>>
  readonly roles?: readonly RoleSpec[]
  readonly dependencies?: readonly (readonly [string, ServiceInstance])[]
  readonly clusterVersion?: string
}

/** A service in the model, made from plain values. */
export function serviceOf(descriptor: ServiceDescriptor, spec: ServiceSpec = {}): ServiceInstance {
  const service = spec.config ?? {}
  const effective = (type: string, role: Values): EffectiveConfig =>
    roleConfig(parametersInScope(descriptor, type)!, { service, group: spec.groups?.[type] ?? {}, role })
  const name = spec.name ?? descriptor.type.toLowerCase()
  const roles = (spec.roles ?? []).map(
    (role, i): RoleInstance => ({
      name: role.name ?? `${name}-${role.type}-${i}`,
      type: role.type,
      hostname: role.hostname ?? `h${i + 1}.example.com`,
      config: effective(role.type, role.config ?? {}),
    }),
  )
  return {
    name,
    descriptor,
    clusterName: 'Cluster 1',
    clusterVersion: spec.clusterVersion ?? '7.1.7',
    config: serviceConfig(descriptor.parameters, service),
    gatewayConfig: descriptor.gateway && effective(GATEWAY, {}),
    roles,
    dependencies: new Map(spec.dependencies ?? []),
  }
}

/** What a role's process is made from. */
export async function inputFor(service: ServiceInstance, index = 0): Promise<ProcessInput> {
  return { service, role: service.roles[index]!, common: await loadCommonFiles() }
}

export function fileText(files: readonly { path: string; contents: Uint8Array }[], path: string): string {
  const file = files.find((each) => each.path === path)
  if (!file) throw new Error(`no file ${path}; there is: ${files.map((each) => each.path).join(', ')}`)
  return Buffer.from(file.contents).toString()
}

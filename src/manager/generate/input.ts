import type { BundledFile, EffectiveConfig, ServiceDescriptor } from '../descriptors/index.js'

/** A role as it stands in the model, with its effective configuration (service parameters included). */
export interface RoleInstance {
  readonly name: string
  readonly type: string
  /** Fully qualified name of its host. */
  readonly hostname: string
  readonly config: EffectiveConfig
}

/** A service with everything that the files of its roles, or of the services that depend on it, are made from. */
export interface ServiceInstance {
  readonly name: string
  readonly descriptor: ServiceDescriptor
  readonly clusterName: string
  /** Such as `7.1.7`; its major becomes `CDH_VERSION`. */
  readonly clusterVersion: string
  readonly config: EffectiveConfig
  /** Of the gateway's base group; undefined without a gateway. */
  readonly gatewayConfig: EffectiveConfig | undefined
  /** All roles of the service, gateways too. */
  readonly roles: readonly RoleInstance[]
  /** The chosen services, by the type of the dependency; a dependency that is not set is absent. */
  readonly dependencies: ReadonlyMap<string, ServiceInstance>
}

/** Parcels on the role's host that match the descriptor's tags, those with a script that defines their environment. */
export interface ParcelEnvironment {
  readonly root: string
  readonly directories: readonly { readonly name: string; readonly definesScript: string }[]
}

export interface ProcessInput {
  readonly service: ServiceInstance
  readonly role: RoleInstance
  /** Our shell library (`loadCommonFiles`), put into every process directory. */
  readonly common: readonly BundledFile[]
  readonly parcels?: ParcelEnvironment | undefined
}

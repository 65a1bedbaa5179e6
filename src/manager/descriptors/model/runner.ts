/** A program with templates (`${param}`, `${host}`, `${user}`, `${group}`) in its arguments and environment. */
export interface Runner {
  readonly program: string
  readonly args: readonly string[]
  readonly environmentVariables: readonly (readonly [name: string, template: string])[]
}

export const loggingTypes = ['log4j', 'logback', 'glog', 'other'] as const
export type LoggingType = (typeof loggingTypes)[number]

export interface Logging {
  readonly loggingType: LoggingType
  /** Default of `log_dir`; absent in a gateway's logging. */
  readonly dir: string | undefined
  readonly filename: string | undefined
  readonly configFilename: string | undefined
  /** May `log_dir` be changed? */
  readonly modifiable: boolean
  /** Key of the log directory where it is emitted. */
  readonly configName: string
  readonly additionalConfigs: readonly AdditionalConfig[]
}

/**
 * An entry beside the parameters; key and value are templates.
 *
 * `peerEach` and `peerList` are ours (other readers of the format ignore unknown types): one entry for each role of
 * `roleName`, or one entry in whose value `${peers}` stands for all of them, each written as `item` and joined with
 * `separator`. In both, `${peer:host}` and `${peer:<param>}` read the other role. `shared`, ours too, stands for the
 * entries of the service's `sharedConfigs` that `key` names; a complete descriptor has none left.
 */
export interface AdditionalConfig {
  readonly key: string
  readonly value: string
  readonly type: 'simple' | 'authToLocal' | 'peerEach' | 'peerList' | 'shared'
  readonly roleName: string | undefined
  readonly item: string
  readonly separator: string
  readonly when: Condition | undefined
}

/**
 * Ours: an entry that is written only in some cases. All that is given must hold: so many roles of a type in the
 * service, a dependency that is set, a parameter that has a value (`true`, when it is a boolean).
 */
export interface Condition {
  readonly roleName: string | undefined
  readonly minInstances: number
  readonly maxInstances: number
  readonly dependency: string | undefined
  readonly parameter: string | undefined
}

/** A metric definition of the `service.mdl` (csd.md §4.3). */
export interface MetricDescriptor {
  readonly name: string
  readonly label: string
  readonly description: string
  readonly numeratorUnit: string
  readonly denominatorUnit: string | undefined
  readonly counter: boolean
  readonly weightingMetricName: string | undefined
  /** Where the collector finds it; what it looks like depends on the collector. */
  readonly context: string | undefined
  /** Ours: other names by which queries find it. */
  readonly aliases: readonly string[]
  /** Ours: numbers for the texts that a source gives, such as `leader`. */
  readonly valueMap: Readonly<Record<string, number>> | undefined
  /** Ours: what a value is multiplied with, such as 0.001. */
  readonly scale: number | undefined
  /** Ours: the value is a time whose age is wanted, or something whose members are counted; see `MetricRule`. */
  readonly as: 'age' | 'count' | undefined
  /** Ours: the field of a role in the API that this value tells. */
  readonly shownAs: RoleField | undefined
}

/** Fields of a role in the API that a metric may tell, and the words that they take besides UNKNOWN. */
export const roleFields = {
  haStatus: ['ACTIVE', 'STANDBY'],
  zooKeeperServerMode: [
    'STANDALONE',
    'REPLICATED_FOLLOWER',
    'REPLICATED_LEADER',
    'REPLICATED_LEADER_ELECTION',
    'REPLICATED_OBSERVER',
  ],
} as const

export interface RoleField {
  readonly field: keyof typeof roleFields
  /** The value that stands for each word. What is none of these, or not known, is UNKNOWN. */
  readonly values: Readonly<Record<string, number>>
  /** With fewer roles of the type the field is left out. Default 1. */
  readonly minInstances: number
}

export const collectorTypes = ['jmx', 'json', 'prometheus', 'mntr'] as const
export type CollectorType = (typeof collectorTypes)[number]

/**
 * Ours: where a role's metrics are read. `jmx` is the JSON of Hadoop's `/jmx` servlet, `json` any JSON document,
 * `prometheus` the text format, `mntr` ZooKeeper's four letters on a port (`host` and `port` in place of `url`).
 * All but the type are templates. A URL that is empty after substitution is not collected.
 */
export interface Collector {
  readonly type: CollectorType
  readonly url: string | undefined
  readonly host: string | undefined
  readonly port: string | undefined
  /** What is asked in place of `url` where `secureWhen`, a parameter of the role, has a value. */
  readonly secureUrl: string | undefined
  readonly secureWhen: string | undefined
  /** Token of the port; one that is good for reading /metrics alone is made from it and shown there. */
  readonly portToken: string | undefined
  /** File on the role's host with the authorities that verify its certificate. */
  readonly caFile: string | undefined
}

export interface RoleMetrics {
  readonly type: string
  readonly metrics: readonly MetricDescriptor[]
  /** `kafka_brokers`, as in `bytes_across_kafka_brokers`. */
  readonly plural: string
  readonly additionalImmutableAttributeNames: readonly string[]
  readonly additionalMutableAttributeNames: readonly string[]
  readonly collectors: readonly Collector[]
}

export interface AttributeDescriptor {
  readonly name: string
  readonly label: string
  readonly description: string
  readonly valueCaseSensitive: boolean
}

export interface EntityTypeDescriptor {
  readonly name: string
  readonly plural: string
  readonly label: string
  readonly labelPlural: string
  readonly description: string
  readonly immutableAttributeNames: readonly string[]
  readonly mutableAttributeNames: readonly string[]
  readonly entityNameFormat: readonly string[]
  readonly entityLabelFormat: string | undefined
  /** `KAFKA`, `KAFKA-KAFKA_BROKER`, or another entity type. */
  readonly parentMetricEntityTypeNames: readonly string[]
  readonly metrics: readonly MetricDescriptor[]
}

export interface ServiceMetrics {
  readonly type: string
  readonly version: string
  readonly plural: string
  readonly metrics: readonly MetricDescriptor[]
  readonly roles: readonly RoleMetrics[]
  readonly attributes: readonly AttributeDescriptor[]
  readonly entityTypes: readonly EntityTypeDescriptor[]
}

/** The parameter types of csd.md §2.3, and two of our own: `thresholds` of a health test, and `text` of several lines. */
export const parameterTypes = [
  'string',
  'password',
  'long',
  'double',
  'port',
  'memory',
  'boolean',
  'path',
  'path_array',
  'string_array',
  'string_enum',
  'uri',
  'uri_array',
  'provided',
  'thresholds',
  'text',
] as const
export type ParameterType = (typeof parameterTypes)[number]

export const units = [
  'milliseconds',
  'seconds',
  'minutes',
  'hours',
  'bytes',
  'kilobytes',
  'megabytes',
  'gigabytes',
  'percent',
  'pages',
  'times',
  'lines',
] as const
/** For display only: what is emitted is the bare number. */
export type Unit = (typeof units)[number]

/**
 * What a parameter is for. `DECLARED` ones are the descriptor's own; the framework makes the others for every service
 * type (csd.md §2.3, "Framework-made parameters") and acts on them itself.
 */
export type Purpose =
  | 'DECLARED'
  | 'ENV_SAFETY_VALVE'
  | 'FILE_SAFETY_VALVE'
  | 'LOG_SAFETY_VALVE'
  | 'LOGGING'
  | 'LOG_DIR'
  | 'TLS'
  | 'PROCESS_USER'
  | 'PROCESS_GROUP'
  | 'PRINCIPAL'
  | 'DEPENDENCY'
  | 'PROCESS'
  | 'JVM'
  | 'RESOURCES'
  | 'CLIENT_CONFIG'
  | 'METRICS'
  | 'HEALTH'

export type Scope = 'SERVICE' | 'ROLE' | 'GATEWAY'

/**
 * One thing that can be set. Values are text everywhere, as in the API: `4`, `true`, `/a,/b` (lists are joined with
 * `separator`).
 */
export interface Parameter {
  /** Storage key and name in the API; `${name}` in templates. */
  readonly name: string
  readonly label: string
  readonly description: string
  readonly type: ParameterType
  readonly scope: Scope
  readonly purpose: Purpose
  /** The key under which a generated file carries it. */
  readonly configName: string
  /** False: usable as `${name}`, but never written to a file by itself. */
  readonly emitted: boolean
  readonly required: boolean
  readonly default: string | undefined
  readonly configurableInWizard: boolean
  readonly sensitive: boolean
  /** Kept but not shown: its value is made once when the service or role is created. */
  readonly hidden: boolean
  readonly initType: 'randomBase64' | undefined
  /** Always the default: what is set is ignored. */
  readonly fixed: boolean
  readonly min: number | undefined
  readonly max: number | undefined
  readonly softMin: number | undefined
  readonly softMax: number | undefined
  readonly unit: Unit | undefined
  readonly outbound: boolean
  readonly zeroAllowed: boolean
  readonly negativeOneAllowed: boolean
  readonly scaleFactor: number
  readonly autoConfigShare: number | undefined
  readonly conformRegex: string | undefined
  readonly validValues: readonly string[]
  readonly pathType: 'localDataDir' | 'localDataFile' | 'serviceSpecific' | undefined
  /** Permissions of a `localDataDir`, octal digits. */
  readonly mode: string
  readonly separator: string
  readonly minLength: number | undefined
  readonly maxLength: number | undefined
  readonly allowedSchemes: readonly string[]
  readonly opaque: boolean
  readonly credentialProviderCompatible: boolean
  /** Files carry this key with the path of a script that prints the password, in place of the password. */
  readonly alternateScriptParameterName: string | undefined
  /** Files carry `configName` with the path of a script that prints the password. */
  readonly scriptBased: boolean
  /** The generated file that a safety valve is appended to. */
  readonly file: string | undefined
  /** The service type that a `DEPENDENCY` parameter chooses a service of. */
  readonly dependencyType: string | undefined
}

const plain: Omit<Parameter, 'name' | 'configName' | 'label' | 'description' | 'type' | 'scope'> = {
  purpose: 'DECLARED',
  emitted: true,
  required: false,
  default: undefined,
  configurableInWizard: false,
  sensitive: false,
  hidden: false,
  initType: undefined,
  fixed: false,
  min: undefined,
  max: undefined,
  softMin: undefined,
  softMax: undefined,
  unit: undefined,
  outbound: false,
  zeroAllowed: false,
  negativeOneAllowed: false,
  scaleFactor: 1,
  autoConfigShare: undefined,
  conformRegex: undefined,
  validValues: [],
  pathType: undefined,
  mode: '0755',
  separator: ',',
  minLength: undefined,
  maxLength: undefined,
  allowedSchemes: [],
  opaque: false,
  credentialProviderCompatible: false,
  alternateScriptParameterName: undefined,
  scriptBased: false,
  file: undefined,
  dependencyType: undefined,
}

/** A parameter of which only what differs from the plain one has to be said; `configName` is its name unless given. */
export function parameter(
  own: Pick<Parameter, 'name' | 'label' | 'type' | 'scope'> & Partial<Parameter>,
): Parameter {
  return { description: own.label, ...plain, configName: own.name, ...own }
}

export function isArray(type: ParameterType): boolean {
  return type === 'path_array' || type === 'string_array' || type === 'uri_array'
}

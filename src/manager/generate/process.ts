/** One file of a process directory. */
export interface GeneratedFile {
  /** Relative to the process directory. */
  readonly path: string
  readonly mode: number
  readonly contents: Uint8Array
  /** With sensitive values blotted out, where it holds any: what people may see. */
  readonly shown: Uint8Array | undefined
  /** May be written anew while the process runs. */
  readonly refreshable: boolean
  /** `BUNDLE` files come from the descriptor and are the same for every role. */
  readonly origin: 'GENERATED' | 'DEPENDENCY' | 'BUNDLE'
}

/** A directory outside the process directory, made before the start. */
export interface Directory {
  readonly path: string
  readonly user: string
  readonly group: string
  readonly mode: number
}

/** -1 or undefined: no limit. */
export interface Limits {
  readonly openFiles: number | undefined
  readonly cpuShares: number
  readonly ioWeight: number
  readonly memorySoftBytes: number
  readonly memoryHardBytes: number
}

export interface ClientConfigTarget {
  /** Folder in the process directory whose files are deployed. */
  readonly folder: string
  /** Where they go, `/etc/hadoop/conf.bellwether.hdfs`. */
  readonly destination: string
  /** The link of the alternatives system, `/etc/hadoop/conf`. */
  readonly link: string
  /** Name of the link group. */
  readonly alternative: string
  readonly priority: number
}

/**
 * Everything an agent needs to run something: the same input always gives the same process, byte for byte.
 *
 * The program is relative to the process directory, which is the working directory. The agent adds `JAVA_HOME` when the
 * host has a setting for it, and may add its own variables below (never above) these.
 */
export interface Process {
  readonly kind: 'ROLE' | 'ROLE_COMMAND' | 'SERVICE_STOP' | 'CLIENT_CONFIG'
  readonly serviceName: string
  readonly serviceType: string
  readonly roleName: string
  readonly roleType: string
  readonly program: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly user: string
  readonly group: string
  /** Sorted by path. */
  readonly files: readonly GeneratedFile[]
  readonly directories: readonly Directory[]
  readonly limits: Limits
  readonly autoRestart: boolean
  /** A process that is up this long has started. */
  readonly startSeconds: number
  readonly startRetries: number
  /** Between the polite signal and the hard one. */
  readonly stopSeconds: number
  /** Exit codes that mean success, of what runs to its end. */
  readonly expectedExitCodes: readonly number[]
  /** Milliseconds that what runs to its end may take; 0: no bound. */
  readonly timeout: number
  /** Arguments and environment with sensitive values blotted out; undefined when there are none. */
  readonly shown:
    | { readonly args: readonly string[]; readonly environment: Readonly<Record<string, string>> }
    | undefined
  readonly clientConfig: ClientConfigTarget | undefined
}

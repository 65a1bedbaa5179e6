/**
 * Canaries as agents get them: checks that run beside a role's process, with everything filled in. Health tests say what there
 * is to run (`CanaryRun` in health-tests.ts); the manager says who runs it.
 */
import { type Check, isObject, list, oneOf, optional, ShapeError, shape, text, whole } from './shape.js'

/** What is done. All of it has to be over within the canary's time. */
export type CanaryCheck =
  /** Ends with code 0; as the role's user, with its environment, in its folder. No shell: `args` are words. */
  | { kind: 'command'; program: string; args: string[] }
  /** One GET. `status` default: 200 to 299; `contains` is looked for in the first 256 KiB of the answer. Follows no redirects. */
  | { kind: 'http'; url: string; status?: number[]; contains?: string }
  /** Writes a file in the folder, reads and deletes it; as the role's user. */
  | { kind: 'file'; folder: string }
  /** Makes, reads and deletes an ephemeral znode below `path`. `servers` (`host:port`) are tried one after another. */
  | { kind: 'zookeeper'; servers: string[]; path: string }
  /** Writes, reads and deletes a file in the folder `path`, by WebHDFS, as `user`. `urls` are tried one after another. */
  | { kind: 'webhdfs'; urls: string[]; path: string; user: string }

export interface DesiredCanary {
  /** Unique within the process: the name of the test. */
  name: string
  /** Metrics of the role that it becomes: 1 or 0, and milliseconds. */
  status: string
  duration?: string
  everySeconds: number
  timeoutMs: number
  /** As long as the role's process is younger than this, failures are not reported. */
  startupSeconds: number
  check: CanaryCheck
}

/** How the newest run of a canary went, for people. */
export interface CanaryResult {
  /** `roleName`. */
  role: string
  name: string
  /** Milliseconds since the epoch, of its beginning. */
  at: number
  ok: boolean
  durationMs: number
  /** Why it failed. */
  message?: string
}

export const CANARY_LIMITS = {
  ofProcess: 20,
  everySeconds: { min: 1, max: 86_400 },
  timeoutMs: { min: 10, max: 600_000 },
  startupSeconds: { min: 0, max: 86_400 },
  servers: 50,
} as const

const metric = text(200, /^[a-z][a-z0-9_]*$/, 'a metric name in lower case')
const absolute = text(1000, /^\/(?!.*(^|\/)\.\.?(\/|$)).*$/s, 'an absolute path without . and ..')
const url = text(2000, /^https?:\/\/[^\s/]+/, 'an http or https URL')
const { everySeconds, timeoutMs, startupSeconds, servers, ofProcess } = CANARY_LIMITS

const checks: { [K in CanaryCheck['kind']]: Check<Extract<CanaryCheck, { kind: K }>> } = {
  command: shape<Extract<CanaryCheck, { kind: 'command' }>>({
    kind: oneOf('command'),
    program: text(4096, /./s, 'a program'),
    args: list(text(4000), 100),
  }),
  http: shape<Extract<CanaryCheck, { kind: 'http' }>>({
    kind: oneOf('http'),
    url,
    status: optional(list(whole(100, 599), 50)),
    contains: optional(text(1000)),
  }),
  file: shape<Extract<CanaryCheck, { kind: 'file' }>>({ kind: oneOf('file'), folder: absolute }),
  zookeeper: shape<Extract<CanaryCheck, { kind: 'zookeeper' }>>({
    kind: oneOf('zookeeper'),
    servers: list(text(300, /^[^\s/]+:\d{1,5}$/, 'host:port'), servers),
    path: absolute,
  }),
  webhdfs: shape<Extract<CanaryCheck, { kind: 'webhdfs' }>>({
    kind: oneOf('webhdfs'),
    urls: list(url, servers),
    path: absolute,
    user: text(100, /^[A-Za-z0-9_.@/-]+$/, 'the name of a user'),
  }),
}
const KINDS = Object.keys(checks) as CanaryCheck['kind'][]

const check: Check<CanaryCheck> = (value, path) => {
  const kind = oneOf(...KINDS)(isObject(value) ? value.kind : undefined, `${path}.kind`)
  return (checks[kind] as Check<CanaryCheck>)(value, path)
}

const canary = shape<DesiredCanary>({
  name: text(120, /./, 'a name'),
  status: metric,
  duration: optional(metric),
  everySeconds: whole(everySeconds.min, everySeconds.max),
  timeoutMs: whole(timeoutMs.min, timeoutMs.max),
  startupSeconds: whole(startupSeconds.min, startupSeconds.max),
  check,
})

/**
 * A process's canaries. One that cannot be read, such as one of a kind that only a newer agent knows, is left out: it must not
 * cost the process.
 */
export const canaries: Check<DesiredCanary[]> = (value, path) =>
  list((one) => one, ofProcess)(value, path).flatMap((one, i) => {
    try {
      return [canary(one, `${path}[${i}]`)]
    } catch (error) {
      if (error instanceof ShapeError) return []
      throw error
    }
  })

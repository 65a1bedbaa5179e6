import {
  type BundledFile,
  GATEWAY,
  type GracefulStop,
  type RoleCommand,
  type RoleDescriptor,
  type Runner,
} from '../descriptors/index.js'
import { configFiles, type DraftFile } from './config-files.js'
import { clientFiles, dependencyFiles } from './dependency-files.js'
import { environmentOf } from './environment.js'
import type { ProcessInput } from './input.js'
import { isKerberized } from './kerberos.js'
import { lookupIn } from './lookup.js'
import { hasSecrets, maskInput } from './mask.js'
import { GenerationError, type GenerationProblem } from './problem.js'
import type { ClientConfigTarget, GeneratedFile, Process } from './process.js'
import { directoriesOf, lifeOf, limitsOf } from './runtime.js'
import { type Context, compare, processUser, textOf } from './scope.js'
import { substitute } from './substitute.js'

/** First program of every process: it sets the stage (`CONF_DIR`, `JAVA_HOME`, parcels) and then runs the role's own. */
export const STAGE = 'common/run.sh'

/**
 * Makes the process of a role: program, arguments, environment, files.
 *
 * The same input gives the same bytes. Throws `GenerationError` naming every place that cannot be made.
 *
 * ```ts
 * const process = generateRole({ service, role, common })
 * process.files.find((file) => file.path === 'zoo.cfg')
 * ```
 */
export function generateRole(input: ProcessInput): Process {
  const role = roleDescriptor(input)
  return shownBeside(input, (each) =>
    build(each, { kind: 'ROLE', role, runner: role.startRunner, place: 'startRunner' }),
  )
}

/** Makes the process of a role command: the role's files, another program. */
export function generateRoleCommand(input: ProcessInput, command: RoleCommand): Process {
  const role = roleDescriptor(input)
  const process = shownBeside(input, (each) =>
    build(each, {
      kind: 'ROLE_COMMAND',
      role,
      runner: command.commandRunner,
      place: `command ${command.name}`,
    }),
  )
  return { ...process, autoRestart: false, startRetries: 0, expectedExitCodes: command.expectedExitCodes }
}

/** Makes the process of a service's graceful stop, in the context of one of its master roles. */
export function generateStop(input: ProcessInput, stop: GracefulStop): Process {
  const role = roleDescriptor(input)
  const process = shownBeside(input, (each) =>
    build(each, { kind: 'SERVICE_STOP', role, runner: stop.runner, place: 'stopRunner' }),
  )
  return { ...process, autoRestart: false, startRetries: 0, timeout: stop.timeout }
}

/**
 * Makes the deployment of a service's client configuration to the host of a role (a gateway or any other). It runs as root,
 * in a directory of its own; what is then in `clientConfig.folder` goes to `clientConfig.destination`.
 */
export function generateClientConfig(input: ProcessInput): Process {
  const { gateway } = input.service.descriptor
  if (!gateway || !input.service.gatewayConfig)
    throw new GenerationError(`Client configuration of ${input.service.name}`, [
      { place: input.service.descriptor.type, message: 'has no gateway and so no client configuration' },
    ])
  const process = shownBeside(input, (each) =>
    build(each, {
      kind: 'CLIENT_CONFIG',
      role: undefined,
      runner: gateway.scriptRunner,
      place: 'gateway scriptRunner',
    }),
  )
  return { ...process, user: 'root', group: 'root', autoRestart: false, startRetries: 0, directories: [] }
}

interface Plan {
  readonly kind: Process['kind']
  readonly role: RoleDescriptor | undefined
  readonly runner: Runner | undefined
  readonly place: string
}

function roleDescriptor({ service, role }: ProcessInput): RoleDescriptor {
  const found = service.descriptor.roles.find((each) => each.type === role.type)
  if (found) return found
  throw new GenerationError(`Role ${role.name}`, [
    { place: service.descriptor.type, message: `has no role type ${role.type} that runs a process` },
  ])
}

function build(input: ProcessInput, { kind, role, runner, place }: Plan): Process {
  const { service } = input
  const client = kind === 'CLIENT_CONFIG'
  const problems: GenerationProblem[] = []
  const context: Context = {
    service,
    roleType: client ? GATEWAY : input.role.type,
    hostname: input.role.hostname,
    config: client ? service.gatewayConfig! : input.role.config,
    problems,
  }
  if (isKerberized(service, problems))
    problems.push({
      place: `service ${service.name}`,
      message: 'asks for Kerberos, which is not set up by this version; turn it off',
    })
  const target = client ? clientTarget(context) : undefined
  const environment = environmentOf(context, runner, {
    place: `${context.roleType} ${place}`,
    logging: role?.logging,
    jvmBased: role?.jvmBased === true,
    parcels: input.parcels,
  })
  if (target) environment.DEST_PATH = target.destination
  const lookup = lookupIn(context)
  const args = (runner?.args ?? []).map((arg, i) =>
    substitute(arg, lookup, `${context.roleType} ${place} args[${i}]`, problems),
  )
  const own = client
    ? clientFiles(service, context.hostname, problems)
    : configFiles(context, role!.configWriter, role!.logging, service.descriptor.files)
  const files = [
    ...own,
    ...dependencyFiles(service, context.hostname, problems),
    ...bundled(service.descriptor.files),
    ...bundled(input.common).map((file) => ({ ...file, path: `common/${file.path}` })),
  ]
  const process: Process = {
    kind,
    serviceName: service.name,
    serviceType: service.descriptor.type,
    roleName: input.role.name,
    roleType: input.role.type,
    program: STAGE,
    args: [client ? 'client' : 'role', ...(runner ? [runner.program, ...args] : [])],
    environment,
    ...processUser(context),
    files: finish(files, problems),
    directories: directoriesOf(context),
    limits: limitsOf(context),
    ...lifeOf(context),
    expectedExitCodes: [0],
    timeout: 0,
    shown: undefined,
    clientConfig: target,
  }
  if (problems.length > 0) throw new GenerationError(`${process.roleType} of ${service.name}`, problems)
  return process
}

function clientTarget(context: Context): ClientConfigTarget {
  const { name, linkRoot, priority } = context.service.descriptor.gateway!.alternatives
  const root = (textOf(context.config, 'client_config_root_dir') ?? linkRoot).replace(/\/+$/, '')
  return {
    folder: name,
    destination: `${root}/conf.bellwether.${context.service.name.replace(/[^A-Za-z0-9_.-]/g, '_')}`,
    link: `${root}/conf`,
    alternative: name,
    priority: Number(textOf(context.config, 'client_config_priority') ?? priority),
  }
}

function bundled(files: readonly BundledFile[]): DraftFile[] {
  return files.map(({ path, contents }) => ({
    path,
    contents,
    mode: /\.(sh|py)$/.test(path) || path.startsWith('scripts/') ? 0o755 : 0o644,
    refreshable: false,
    origin: 'BUNDLE' as const,
  }))
}

/** One file a path: what is generated goes before what is shipped, and the role's own before a dependency's. */
function finish(drafts: readonly DraftFile[], problems: GenerationProblem[]): GeneratedFile[] {
  const out = new Map<string, GeneratedFile>()
  for (const draft of drafts) {
    const before = out.get(draft.path)
    if (before && before.origin === draft.origin && draft.origin === 'GENERATED')
      problems.push({
        place: `file ${draft.path}`,
        message: 'is written twice; rename one in the descriptor',
      })
    if (!before) out.set(draft.path, { ...draft, shown: undefined })
  }
  return [...out.values()].sort((a, b) => compare(a.path, b.path))
}

/** Generates twice, the second time with all secrets blotted out, and keeps of that what differs. */
function shownBeside(input: ProcessInput, make: (input: ProcessInput) => Process): Process {
  const real = make(input)
  if (!hasSecrets(input)) return real
  const shown = make(maskInput(input))
  const byPath = new Map(shown.files.map((file) => [file.path, file.contents]))
  const files = real.files.map((file): GeneratedFile => {
    const masked = byPath.get(file.path)
    return masked && Buffer.compare(masked, file.contents) !== 0 ? { ...file, shown: masked } : file
  })
  const same =
    JSON.stringify([real.args, real.environment]) === JSON.stringify([shown.args, shown.environment])
  return { ...real, files, shown: same ? undefined : { args: shown.args, environment: shown.environment } }
}

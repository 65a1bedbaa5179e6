import { mkdir } from 'node:fs/promises'
import { join, resolve as resolvePath } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { help, resolve, SettingsError, upOptions } from '../config/index.js'
import { shownUrl } from './addresses.js'
import { type Child, startChild } from './child.js'
import { makeDataFolder } from './data-folder.js'
import { settledPorts } from './free-ports.js'
import { EXIT_FATAL, explain, type RoleMessage } from './role.js'
import { tlsFiles } from './tls.js'
import { type RoleName, type RoleSettings, settingsOfRoles } from './up-roles.js'
import { makeTokens, type UpTokens } from './up-tokens.js'

/** How long the roles may take to their first answer before the person is told where to look. */
const SLOW_START_MS = 30_000
/** A publisher that does not come up does not keep the monitor from it. */
const PUBLISHER_PATIENCE_MS = 10_000
/** Senders before receivers, so that what was collected last still arrives. */
const STOP_ORDER = ['agent', 'manager', 'monitor', 'alert-publisher'] as const
/** Secrets of single roles: the others, some of which start processes of others, are not to have them in their environment. */
const SECRETS: Readonly<Record<string, readonly RoleName[]>> = {
  BELLWETHER_ADMIN_PASSWORD: ['manager'],
  BELLWETHER_DEPLOYMENT_KEY: ['manager'],
  BELLWETHER_DATABASE_URL: ['manager'],
  BELLWETHER_ALERT_MAIL_PASSWORD: ['alert-publisher'],
  BELLWETHER_ALERT_SNMP_COMMUNITY: ['alert-publisher'],
  BELLWETHER_ALERT_TOKEN: ['alert-publisher', 'monitor'],
}

/**
 * Runs every role on this host as child processes, as they run in production, wired over loopback. Prints the address
 * once the manager and the monitor answer, and stops them in good order.
 */
export async function run(args: string[]): Promise<number> {
  let values: ReturnType<typeof settings>
  try {
    values = settings(args)
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    process.stderr.write(`bellwether up: ${error.message}\n`)
    return EXIT_FATAL
  }
  if (values.help) {
    process.stdout.write(
      help(
        'bellwether up [OPTIONS]',
        'Runs manager, monitor, alert publisher and agent on this host.',
        upOptions,
      ),
    )
    return 0
  }
  const data = resolvePath(values.data)
  const logs = join(data, 'logs')
  let tokens: UpTokens
  try {
    tlsFiles(values)
    await makeDataFolder(data)
    await mkdir(logs, { recursive: true, mode: 0o700 })
    tokens = await makeTokens(data, values)
  } catch (error) {
    if (error instanceof SettingsError) {
      process.stderr.write(`bellwether up: ${error.message}\n`)
      return EXIT_FATAL
    }
    process.stderr.write(
      `bellwether up: the data folder ${data} cannot be used: ${(error as Error).message}. Choose another with --data.\n`,
    )
    return EXIT_FATAL
  }
  let ports: { port: number; monitorPort: number }
  try {
    const [port = 0, monitorPort = 0] = await settledPorts(values.host, [values.port, values.monitorPort])
    ports = { port, monitorPort }
  } catch (error) {
    process.stderr.write(`bellwether up: ${explain(error)}\n`)
    return EXIT_FATAL
  }

  let stopping = false
  let failed: string | undefined
  let end: () => void = () => undefined
  const ended = new Promise<void>((done) => {
    end = done
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (stopping) {
        for (const child of children.values()) child.kill()
        process.exit(130)
      }
      stopping = true
      end()
    })

  const isEnding = () => stopping || failed !== undefined
  let firstUser: Extract<RoleMessage, { type: 'first-user' }> | undefined
  let isShown = false
  const children = new Map<RoleName, Child>()
  const start = (role: RoleName, settingsOfRole: RoleSettings): Child => {
    const child = startChild({
      role,
      settings: settingsOfRole,
      without: Object.keys(SECRETS).filter((name) => !SECRETS[name]!.includes(role)),
      logFile: join(logs, `${role}.log`),
      onMessage(message) {
        if (message.type !== 'first-user') return
        firstUser = message
        // The database may have taken its time.
        if (isShown) process.stdout.write(firstLogin(message))
      },
      onFatal(message) {
        failed ??= `${role}: ${message}`
        end()
      },
      onRestart(reason, delayMs) {
        process.stderr.write(
          `The ${role} ended (${reason}); it starts again in ${delayMs / 1000} s. Its log: ${join(logs, `${role}.log`)}\n`,
        )
      },
    })
    children.set(role, child)
    return child
  }

  const roles = settingsOfRoles({ ...values, ...ports }, data, logs, tokens)
  const manager = start('manager', roles.manager)
  start('agent', roles.agent)
  const publisher = start('alert-publisher', roles.publisher)
  // The monitor has to know where that listens; the others wait for the monitor in any case.
  const patience = sleep(PUBLISHER_PATIENCE_MS, undefined, { ref: false })
  const alertUrl = (await Promise.race([publisher.ready, ended, patience])) ?? ''
  if (alertUrl !== '') roles.publisher.alertPort = new URL(alertUrl).port
  const monitor = isEnding() ? undefined : start('monitor', { ...roles.monitor, alertPublisherUrl: alertUrl })

  const slow = setTimeout(() => {
    process.stderr.write(`Still starting; the logs are in ${logs}\n`)
  }, SLOW_START_MS)
  const ready = Promise.all([manager.ready, monitor?.ready])
  await Promise.race([ready, ended])
  clearTimeout(slow)
  if (!isEnding()) {
    const [url] = await ready
    process.stdout.write(
      `Bellwether runs at ${roles.address ?? shownUrl(url ?? '')}  (data and logs: ${data}; Ctrl-C stops it)\n`,
    )
    isShown = true
    if (firstUser) process.stdout.write(firstLogin(firstUser))
    await ended
  }
  stopping = true
  if (failed !== undefined) process.stderr.write(`bellwether up: ${failed}\n`)
  for (const role of STOP_ORDER) await children.get(role)?.stop()
  return failed === undefined ? 0 : EXIT_FATAL
}

function settings(args: string[]) {
  const { values, words } = resolve(upOptions, args, process.env)
  if (words.length > 0) throw new SettingsError(`"${words[0]}" is not an option. See --help.`)
  return values
}

/** A password is shown on a terminal only: what is not one may be a log. */
function firstLogin({ name, password, file }: { name: string; password: string; file: string }): string {
  return process.stdout.isTTY
    ? `First login: user ${name}, password ${password}  (kept in ${file})\n`
    : `First login: user ${name}, password in ${file}\n`
}

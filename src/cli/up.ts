import { mkdir } from 'node:fs/promises'
import { join, resolve as resolvePath } from 'node:path'
import { help, resolve, SettingsError, upOptions } from '../config/index.js'
import { advertisedUrl, loopbackUrl, shownUrl, urlOf } from './addresses.js'
import { type Child, startChild } from './child.js'
import { makeDataFolder } from './data-folder.js'
import { portNear } from './port.js'
import { EXIT_FATAL, type RoleMessage } from './role.js'
import { type TlsFiles, tlsFiles } from './tls.js'
import { makeTokens, type UpTokens } from './up-tokens.js'

/** How long the roles may take to their first answer before the person is told where to look. */
const SLOW_START_MS = 30_000
const USUAL_ALERT_PORT = 7185
/** Other roles, which start processes of others, are not to have them in their environment. */
const MANAGERS_SECRETS = ['BELLWETHER_ADMIN_PASSWORD', 'BELLWETHER_DEPLOYMENT_KEY', 'BELLWETHER_DATABASE_URL']

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
  let files: TlsFiles | undefined
  try {
    files = tlsFiles(values)
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

  let stopping = false
  let failed: string | undefined
  let end: () => void = () => undefined
  const ended = new Promise<void>((done) => {
    end = done
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (stopping) {
        for (const child of children) child.kill()
        process.exit(130)
      }
      stopping = true
      end()
    })

  let firstUser: Extract<RoleMessage, { type: 'first-user' }> | undefined
  const children: Child[] = []
  const start = (role: string, settingsOfRole: Record<string, string | number>): Child => {
    const child = startChild({
      role,
      settings: { data, logLevel: values.logLevel, hostname: values.hostname, ...settingsOfRole },
      without: role === 'manager' ? [] : MANAGERS_SECRETS,
      logFile: join(logs, `${role}.log`),
      onMessage(message) {
        if (message.type === 'first-user') firstUser = message
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
    children.push(child)
    return child
  }

  const scheme = files ? 'https' : 'http'
  const advertised = (port: number) => advertisedUrl(urlOf(values.host, port, scheme), values.advertise)
  // A certificate is for the name that others use, and so this host does too.
  const own = (port: number) => (files ? advertised(port) : loopbackUrl(values.host, port))
  const monitorUrl = own(values.monitorPort)
  const alertPort = values.alertPort < 0 ? await portNear(USUAL_ALERT_PORT) : values.alertPort
  const listening = {
    host: values.host,
    allowedHosts: values.allowedHosts,
    advertise: values.advertise,
    tlsCert: values.tlsCert,
    tlsKey: values.tlsKey,
    tlsCa: values.tlsCa,
    monitorTokenFile: tokens.monitor,
  }
  const monitor = start('monitor', {
    ...listening,
    monitorPort: values.monitorPort,
    senderTokenFile: tokens.senders,
    clickhouseUrl: values.clickhouseUrl,
    clickhouseUser: values.clickhouseUser,
    clickhousePassword: values.clickhousePassword,
    clickhouseDatabase: values.clickhouseDatabase,
    clickhouseCluster: values.clickhouseCluster,
    clickhouseMemory: values.clickhouseMemory,
    alertUrl: `http://127.0.0.1:${alertPort}`,
  })
  const manager = start('manager', {
    ...listening,
    port: values.port,
    monitorUrl,
    agentMonitorUrl: advertised(values.monitorPort),
    auth: values.auth,
    databaseUrl: values.databaseUrl,
    deploymentKey: values.deploymentKey,
    adminPassword: values.adminPassword,
    csdDir: values.csdDir,
    joinTokenFile: tokens.join,
    logFile: join(logs, 'manager.log'),
  })
  start('alert-publisher', {
    host: '127.0.0.1',
    alertPort,
    monitorUrl,
    monitorTokenFile: tokens.monitor,
    tlsCa: values.tlsCa,
  })
  start('agent', {
    managerUrl: own(values.port),
    managerCa: values.tlsCa,
    tokenFile: tokens.join,
    monitorUrl,
    monitorTokenFile: tokens.monitor,
    interval: `${values.interval}ms`,
    agentPort: values.agentPort < 0 ? 'off' : values.agentPort,
  })

  const slow = setTimeout(() => {
    process.stderr.write(`Still starting; the logs are in ${logs}\n`)
  }, SLOW_START_MS)
  const ready = Promise.all([manager.ready, monitor.ready])
  await Promise.race([ready, ended])
  clearTimeout(slow)
  if (!stopping && failed === undefined) {
    const [url] = await ready
    process.stdout.write(
      `Bellwether runs at ${files ? advertised(values.port) : shownUrl(url ?? '')}  (data and logs: ${data}; Ctrl-C stops it)\n`,
    )
    if (firstUser) process.stdout.write(firstLogin(firstUser))
    await ended
  }
  stopping = true
  if (failed !== undefined) process.stderr.write(`bellwether up: ${failed}\n`)
  // Senders before receivers, so that what was collected last still arrives.
  for (const child of [...children].reverse()) await child.stop()
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

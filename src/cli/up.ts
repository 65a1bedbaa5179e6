import { mkdirSync } from 'node:fs'
import { join, resolve as resolvePath } from 'node:path'
import { help, resolve, SettingsError, upOptions } from '../config/index.js'
import { type Child, startChild } from './child.js'
import { EXIT_FATAL } from './role.js'

/** How long the roles may take to their first answer before the person is told where to look. */
const SLOW_START_MS = 30_000

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
      help('bellwether up [OPTIONS]', 'Runs manager, monitor and agent on this host.', upOptions),
    )
    return 0
  }
  const data = resolvePath(values.data)
  const logs = join(data, 'logs')
  try {
    mkdirSync(logs, { recursive: true, mode: 0o700 })
  } catch (error) {
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

  const children: Child[] = []
  const start = (role: string, settingsOfRole: Record<string, string | number>): Child => {
    const child = startChild({
      role,
      settings: { data, logLevel: values.logLevel, hostname: values.hostname, ...settingsOfRole },
      logFile: join(logs, `${role}.log`),
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

  const monitorUrl = loopbackUrl(values.host, values.monitorPort)
  const monitor = start('monitor', {
    host: values.host,
    allowedHosts: values.allowedHosts,
    monitorPort: values.monitorPort,
    clickhouseUrl: values.clickhouseUrl,
    clickhouseUser: values.clickhouseUser,
    clickhousePassword: values.clickhousePassword,
    clickhouseDatabase: values.clickhouseDatabase,
    clickhouseCluster: values.clickhouseCluster,
    clickhouseMemory: values.clickhouseMemory,
  })
  const manager = start('manager', {
    host: values.host,
    allowedHosts: values.allowedHosts,
    port: values.port,
    monitorUrl,
  })
  start('agent', {
    monitorUrl,
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
    process.stdout.write(`Bellwether runs at ${shownUrl(url)}  (data and logs: ${data}; Ctrl-C stops it)\n`)
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

/** How a process on this host reaches a port that listens on `host`. */
function loopbackUrl(host: string, port: number): string {
  const reach = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `http://${reach.includes(':') ? `[${reach}]` : reach}:${port}`
}

function shownUrl(url: string | undefined): string {
  return (url ?? '').replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
}

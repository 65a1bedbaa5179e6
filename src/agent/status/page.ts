import type { Logger } from 'pino'
import type { Registry } from 'prom-client'
import type { StatusServer } from './server.js'
import { startStatusServer } from './server.js'

const RETRY_MS = 60_000

export interface StatusPage {
  address(): { url: string } | undefined
  stop(): Promise<void>
}

/**
 * Opens the status page, or goes on without: on a cluster's host another program may well have port 9000 (HDFS NameNodes
 * do), and a host that is not watched is worse than one whose agent has no page. Tried again every minute.
 */
export async function openStatusPage(
  options: { statusHost: string; statusPort: number; logger: Logger },
  registry: Registry,
  status: () => object,
): Promise<StatusPage> {
  const { statusHost, statusPort, logger } = options
  let server: StatusServer | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let failed = false

  const open = async () => {
    try {
      server = await startStatusServer(statusHost, statusPort, registry, status)
      if (failed) logger.info({ port: server.port }, 'The status page is there now')
      if (stopped) await server.stop()
    } catch (error) {
      if (!failed)
        logger.error(
          `${(error as Error).message} The agent runs without the page and tries again every minute.`,
        )
      failed = true
      if (stopped) return
      timer = setTimeout(() => {
        opening = open()
      }, RETRY_MS)
      timer.unref()
    }
  }
  let opening = statusPort >= 0 ? open() : Promise.resolve()
  await opening
  return {
    address: () =>
      server && { url: `http://${statusHost.includes(':') ? `[${statusHost}]` : statusHost}:${server.port}` },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await opening
      await server?.stop()
    },
  }
}

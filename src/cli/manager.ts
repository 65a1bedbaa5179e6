import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Registry } from 'prom-client'
import { managerOptions } from '../config/index.js'
import { createManager } from '../manager/index.js'
import { isLoopback } from '../wire/host-check.js'
import { startSelfMetrics } from '../wire/self-metrics.js'
import { listen } from './listen.js'
import { runRole } from './role.js'

const packageRoot = fileURLToPath(new URL('../..', import.meta.url))

export function run(args: string[]): Promise<number> {
  return runRole(
    {
      name: 'manager',
      summary: 'Runs the manager: web pages and API.',
      options: managerOptions,
      async start(values, { logger }) {
        const registry = new Registry()
        const { version } = JSON.parse(readFileSync(`${packageRoot}package.json`, 'utf8'))
        const manager = createManager({
          monitorUrl: values.monitorUrl,
          webRoot: `${packageRoot}dist/web`,
          version,
          allowedHosts: isLoopback(values.host) ? values.allowedHosts.split(',').filter(Boolean) : undefined,
          registry,
          logger,
        })
        const listening = await listen(manager.app, values.host, values.port)
        const self = startSelfMetrics({
          registry,
          monitorUrl: values.monitorUrl,
          roleType: 'MANAGER',
          hostname: values.hostname || hostname(),
          logger,
        })
        return {
          url: listening.url,
          async stop() {
            await self.stop()
            await listening.close()
            await manager.stop()
          },
        }
      },
    },
    args,
  )
}

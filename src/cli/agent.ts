import { join } from 'node:path'
import { hardStop, startAgent } from '../agent/index.js'
import { agentOptions } from '../config/index.js'
import { runRole } from './role.js'

export function run(args: string[]): Promise<number> {
  return runRole(
    {
      name: 'agent',
      summary: 'Runs the agent of this host: collects its metrics and sends them to the monitor.',
      options: agentOptions,
      start: async (values, { logger }) => {
        const dataDir = join(values.data, 'agent')
        if (values.hardStop) {
          await hardStop(dataDir, logger)
          return { finished: true, stop: () => Promise.resolve() }
        }
        return startAgent({
          dataDir,
          monitorUrl: values.monitorUrl,
          intervalMs: values.interval,
          statusPort: values.agentPort,
          ...(values.hostname === '' ? {} : { hostname: values.hostname }),
          rackId: values.rackId,
          spoolBytes: values.spoolBytes,
          spoolAgeMs: values.spoolAge,
          managerUrls: values.managerUrl.split(',').filter(Boolean),
          ...(values.managerToken === '' ? {} : { managerToken: values.managerToken }),
          ...(values.managerCa === '' ? {} : { managerCaFile: values.managerCa }),
          processDir: values.processDir || join(values.data, 'process'),
          ...(values.scrapeConfig === '' ? {} : { scrapeFile: values.scrapeConfig }),
          cleanStart: values.cleanStart,
          logger,
        })
      },
    },
    args,
  )
}

import { join } from 'node:path'
import { startAgent } from '../agent/index.js'
import { agentOptions } from '../config/index.js'
import { runRole } from './role.js'

export function run(args: string[]): Promise<number> {
  return runRole(
    {
      name: 'agent',
      summary: 'Runs the agent of this host: collects its metrics and sends them to the monitor.',
      options: agentOptions,
      start: (values, { logger }) =>
        startAgent({
          dataDir: join(values.data, 'agent'),
          monitorUrl: values.monitorUrl,
          intervalMs: values.interval,
          statusPort: values.agentPort,
          ...(values.hostname === '' ? {} : { hostname: values.hostname }),
          rackId: values.rackId,
          spoolBytes: values.spoolBytes,
          spoolAgeMs: values.spoolAge,
          logger,
        }),
    },
    args,
  )
}

import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import { hardStop, startAgent } from '../agent/index.js'
import { agentOptions, SettingsError, type Values } from '../config/index.js'
import { packagePath } from '../wire/package-folder.js'
import { makeDataFolder } from './data-folder.js'
import { monitorToken } from './monitor-access.js'
import { runRole } from './role.js'
import { authoritiesFile } from './tls.js'

type Settings = Values<typeof agentOptions>

export function run(args: string[]): Promise<number> {
  return runRole(
    {
      name: 'agent',
      summary:
        'Runs the agent of this host: collects its metrics, sends them to the monitor, and runs roles for the manager.',
      options: agentOptions,
      start: async (values, { logger }) => {
        const dataDir = join(values.data, 'agent')
        if (values.hardStop) {
          await hardStop(dataDir, logger)
          return { finished: true, stop: () => Promise.resolve() }
        }
        const managerCa = authoritiesFile(values.managerCa, '--manager-ca')
        await makeDataFolder(resolve(values.data))
        const managerUrls = managersOf(values)
        return startAgent({
          dataDir,
          ...monitorOf(values, managerUrls),
          monitorToken: monitorToken(values) ?? '',
          intervalMs: values.interval,
          statusPort: values.agentPort,
          ...(values.hostname === '' ? {} : { hostname: values.hostname }),
          ...(values.hostAddress === '' ? {} : { hostAddress: values.hostAddress }),
          rackId: values.rackId,
          spoolBytes: values.spoolBytes,
          spoolAgeMs: values.spoolAge,
          managerUrls,
          ...tokenOf(values, logger),
          ...(managerCa === '' ? {} : { managerCaFile: managerCa }),
          processDir: values.processDir || join(values.data, 'process'),
          program: { node: process.execPath, main: packagePath('dist/cli/main.js') },
          ...(values.scrapeConfig === '' ? {} : { scrapeFile: values.scrapeConfig }),
          cleanStart: values.cleanStart,
          logger,
        })
      },
    },
    args,
  )
}

function managersOf({ join: joined, managerUrl }: Settings): string[] {
  if (joined !== '' && managerUrl !== '' && joined !== managerUrl)
    throw new SettingsError('--join and --manager-url say different things; one of them is enough')
  return (joined || managerUrl).split(',').filter(Boolean)
}

/** With a manager and no address of the monitor, the manager says where metrics go. */
function monitorOf({ monitorUrl }: Settings, managerUrls: string[]): { monitorUrl?: string } {
  if (monitorUrl !== '') return { monitorUrl }
  return managerUrls.length > 0 ? {} : { monitorUrl: 'http://127.0.0.1:7190' }
}

/** A file that is gone is no reason to stop: it is needed for joining, and this host may have joined long ago. */
function tokenOf({ tokenFile, managerToken }: Settings, logger: Logger): { managerToken?: string } {
  if (managerToken !== '') return { managerToken }
  if (tokenFile === '') return {}
  try {
    return { managerToken: readFileSync(tokenFile, 'utf8').trim() }
  } catch (error) {
    logger.warn({ reason: (error as Error).message }, 'The file with the token for joining cannot be read')
    return {}
  }
}

import type { DesiredProcess } from '../../wire/heartbeat.js'
import type { Launch } from '../supervisor/index.js'

/** Stands for the process's folder in arguments and environment: the manager does not know where on a host that is. */
const FOLDER = '{{CMF_CONF_DIR}}'

/** What the supervisor has to know of a process. `variables`: what this host adds to each process's environment. */
export function launchOf(
  process: DesiredProcess,
  folder: string,
  variables: Readonly<Record<string, string>> = {},
): Launch {
  const { id, name, run, program, user, group, limits } = process
  const args = process.args.map((one) => one.replaceAll(FOLDER, folder))
  const environment = Object.entries(process.environment).map(
    ([key, value]) => [key, value.replaceAll(FOLDER, folder)] as const,
  )
  const { autoRestart, startRetries, startSeconds, stop, logs } = process
  return {
    ...{ id, name, run, program, args, folder, autoRestart, startRetries, startSeconds, stop, logs },
    environment: { ...variables, CONF_DIR: folder, ...Object.fromEntries(environment) },
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
    ...(limits === undefined ? {} : { limits }),
  }
}

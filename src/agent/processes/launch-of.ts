import type { DesiredProcess } from '../../wire/heartbeat.js'
import type { Launch } from '../supervisor/index.js'

/** What the supervisor has to know of a process. */
export function launchOf(process: DesiredProcess, folder: string): Launch {
  const { id, name, run, program, args, environment, user, group, limits } = process
  const { autoRestart, startRetries, startSeconds, stop, logs } = process
  return {
    ...{ id, name, run, program, args, folder, autoRestart, startRetries, startSeconds, stop, logs },
    // The manager does not know where on a host its processes live.
    environment: { CONF_DIR: folder, ...environment },
    ...(user === undefined ? {} : { user }),
    ...(group === undefined ? {} : { group }),
    ...(limits === undefined ? {} : { limits }),
  }
}

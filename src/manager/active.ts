import { hostname } from 'node:os'
import {
  type Commands,
  createBusyCommands,
  createCommands,
  createExecutor,
  createWaiting,
  outputReader,
} from './commands/index.js'
import type { Core } from './core.js'
import {
  activityEvents,
  auditEvents,
  createHealthResults,
  createRoleSamples,
  type EventSource,
  type HealthResults,
  type MonitorClient,
  type RoleSamples,
  startEventSender,
  startHealthLink,
} from './health/index.js'
import {
  createReceiver,
  createTokens,
  createWriteBehind,
  loadRuntime,
  type Receiver,
  type Runtime,
  type Tokens,
} from './heartbeats/index.js'
import { startHousekeeping } from './housekeeping.js'
import { createCanaryHosts, createStalenessStore, type StalenessStore } from './processes/index.js'

/** Everything that only the active manager runs. */
export interface ActiveManager {
  readonly core: Core
  readonly runtime: Runtime
  readonly receiver: Receiver
  readonly tokens: Tokens
  readonly commands: Commands
  readonly staleness: StalenessStore
  /** How everything is, from the monitor; undefined where none was given. */
  readonly health: HealthResults | undefined
  /** Undefined where none was given. */
  readonly monitor: MonitorClient | undefined
  /** Metrics that tell fields of roles, from the monitor too. */
  readonly roleSamples: RoleSamples | undefined
  /** Writes what agents have told and what is not in the database yet. */
  flush(): Promise<void>
  /** Ends all of it; commands stay as they are, for the next active manager. May be called twice. */
  stop(): Promise<void>
}

export interface ActiveOptions {
  core: Core
  /** All managers, for agents. */
  managerUrls?: () => string[]
  /** Where agents send metrics. */
  monitor?: () => { urls: string[]; token?: string } | undefined
  /** The monitor that looks after health and keeps events; without it nobody does. */
  monitorClient?: MonitorClient | undefined
  /** Events of the manager itself, from before it was active, too. */
  systemEvents?: EventSource | undefined
}

/**
 * Starts what an active manager does, and takes up the commands that its predecessor left. When that fails, such as because
 * the lease was lost meanwhile, nothing of it goes on.
 */
export async function startActive(options: ActiveOptions): Promise<ActiveManager> {
  const { core } = options
  const runtime = await loadRuntime(core)
  const settings = await createSettings(core)
  const tokens = createTokens(core)
  const writes = createWriteBehind(core, runtime)
  const silentMs = () => settings.seconds('MISSED_HB_BAD') * settings.seconds('HEARTBEAT_INTERVAL') * 1_000
  const canaryHosts = createCanaryHosts(core, runtime, silentMs)
  const receiver = createReceiver({
    core,
    runtime,
    tokens,
    writes,
    canaryHosts,
    intervalMs: () => settings.seconds('HEARTBEAT_INTERVAL') * 1_000,
    ...(options.managerUrls ? { managerUrls: options.managerUrls } : {}),
    ...(options.monitor ? { monitor: options.monitor } : {}),
  })
  const waiting = createWaiting(runtime, {
    logger: core.logger,
    silentMs,
  })
  const busy = createBusyCommands()
  const executor = createExecutor({
    ...{ core, runtime, waiting, busy },
    flush: writes.flush,
    outputOf: outputReader(receiver),
  })
  const staleness = createStalenessStore(core, (roleId) => runtime.currentProcess(roleId))
  const commands = createCommands({ core, runtime, executor, staleness })
  const { monitorClient: client } = options
  const health = client && createHealthResults({ client, logger: core.logger })
  const roleSamples = client && createRoleSamples({ client, logger: core.logger })
  const senders: { stop(): Promise<void> }[] = []
  let stopHousekeeping = () => {}
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= (async () => {
      settings.stop()
      stopHousekeeping()
      canaryHosts.stop()
      receiver.stop()
      health?.stop()
      roleSamples?.stop()
      await Promise.all(senders.map((each) => each.stop()))
      await executor.stop()
      waiting.stop()
      await writes.stop()
    })()
    return stopping
  }
  if (client) {
    const heartbeatMs = () => settings.seconds('HEARTBEAT_INTERVAL') * 1_000
    senders.push(
      startHealthLink({ core, runtime, busy, client, heartbeatMs }),
      startEventSender({
        logger: core.logger,
        client,
        sources: [
          auditEvents(core),
          activityEvents(core, hostname()),
          ...(options.systemEvents ? [options.systemEvents] : []),
        ],
      }),
    )
  }
  try {
    await executor.resume()
  } catch (error) {
    await stop()
    throw error
  }
  stopHousekeeping = startHousekeeping(core, runtime, tokens, settings.seconds)
  return {
    core,
    runtime,
    receiver,
    tokens,
    commands,
    staleness,
    health,
    monitor: client,
    roleSamples,
    flush: writes.flush,
    stop,
  }
}

/** The manager's own settings at hand, without a look into the database for each heartbeat. */
async function createSettings(core: Core) {
  const read = async () => (await core.instances()).manager()
  let config = await read()
  const timer = setInterval(() => {
    read().then(
      (next) => {
        config = next
      },
      (error) => core.logger.debug({ err: error }, 'The settings could not be read'),
    )
  }, 5_000)
  timer.unref()
  return {
    seconds: (name: string) => Number(config.get(name)?.value ?? 15),
    stop: () => clearInterval(timer),
  }
}

import { agentOptions } from './agent.js'
import { alertPublisherOptions } from './alert-publisher.js'
import { managerOptions } from './manager.js'
import { monitorOptions } from './monitor.js'
import { queryOptions } from './query.js'
import { upOptions } from './up.js'

export { agentOptions, alertPublisherOptions, managerOptions, monitorOptions, queryOptions, upOptions }

/** The settings of every command, by its name. */
export const optionsOfCommands = {
  manager: managerOptions,
  monitor: monitorOptions,
  agent: agentOptions,
  'alert-publisher': alertPublisherOptions,
  query: queryOptions,
  up: upOptions,
}

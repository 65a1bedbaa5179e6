export type { ClientEvents, SupervisorClient } from './client.js'
export { connectSupervisor, openSupervisor } from './client.js'
export { prepareCommand } from './launch.js'
export type { Launch, Problem, Status } from './protocol.js'

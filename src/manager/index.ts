export { createManager, type ManagerOptions } from './app.js'

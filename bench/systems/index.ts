import { bellwether, engineAlone } from './bellwether.js'
import { influxdb } from './influxdb.js'
import { prometheus } from './prometheus.js'
import type { System } from './system.js'
import { victoriaMetrics } from './victoria-metrics.js'

export { ENGINE_ALONE } from './bellwether.js'
export type { Running, System } from './system.js'

/** Every system that can be compared, ours first. `profile`: see `bellwether`. */
export function allSystems(profile?: string): System[] {
  return [bellwether(profile), engineAlone(), victoriaMetrics(), prometheus(), influxdb()]
}

import type { HealthCategory, HealthModel } from '../wire/health.js'
import { type AlertRules, DEFAULT_ALERT_RULES } from './events/health-change.js'

/**
 * Who is alerted: as `enable_alerts` of a role or service says where it is set, otherwise as the default rules do. `model`
 * gives the model in force.
 */
export function configuredAlertRules(model: () => HealthModel | undefined): AlertRules {
  let known: HealthModel | undefined
  let said = new Map<string, boolean>()
  const read = (from: HealthModel) => {
    said = new Map()
    const note = (category: HealthCategory, { identity, config }: { identity: string; config?: string }) => {
      const value = config === undefined ? undefined : from.configs[config]?.values.enable_alerts
      if (value !== undefined) said.set(`${category} ${identity}`, value.trim().toLowerCase() === 'true')
    }
    for (const each of from.services) note('SERVICE', each)
    for (const each of from.roles) note('ROLE', each)
  }
  return {
    ...DEFAULT_ALERT_RULES,
    alerted(entity) {
      const present = model()
      if (present && present !== known) read((known = present))
      return said.get(`${entity.category} ${entity.identity}`) ?? DEFAULT_ALERT_RULES.alerted(entity)
    },
  }
}

import type { Change } from '../model/change.js'
import { type ConfigTarget, type Model, targetKey } from '../model/types.js'
import { targetColumns } from './write.js'

/** As the API names them: `role_config_suppression_<parameter>`, `host_health_suppression_<test>`. */
const SUPPRESSION = /^(?:service|role|host|cluster|cms?)_(config|health)_suppression_(.+)$/

export function isSuppressionName(name: string): boolean {
  return SUPPRESSION.test(name)
}

export function suppressionsAt(model: Model, target: ConfigTarget): ReadonlySet<string> {
  return model.suppressions.get(targetKey(target)) ?? new Set()
}

/** Are the warnings of a parameter suppressed? */
export function isSuppressed(suppressions: ReadonlySet<string>, parameter: string): boolean {
  for (const name of suppressions) {
    const match = SUPPRESSION.exec(name)
    if (match?.[1] === 'config' && match[2] === parameter) return true
  }
  return false
}

export async function setSuppressions(
  change: Change,
  target: ConfigTarget,
  names: Readonly<Record<string, boolean>>,
): Promise<void> {
  const columns = targetColumns(target)
  for (const [name, on] of Object.entries(names)) {
    if (on)
      await change.trx
        .insertInto('configSuppression')
        .values({ ...columns, name })
        .onConflict((c) => c.constraint('config_suppression_name').doNothing())
        .execute()
    else {
      let query = change.trx
        .deleteFrom('configSuppression')
        .where('scope', '=', columns.scope)
        .where('name', '=', name)
      for (const column of ['clusterId', 'serviceId', 'roleConfigGroupId', 'roleId', 'hostId'] as const) {
        const id = columns[column]
        if (id !== null) query = query.where(column, '=', id)
      }
      await query.execute()
    }
    change.touch('configSuppression', [targetKey(target)])
  }
}

/** Puts a page's context into the statements of its dashboard. */

import { quoteValue } from '../../../src/wire/timeseries-columns.js'
import type { Dashboard } from './types.js'

/** A statement with every `$NAME` replaced by its value as a quoted text; an unknown name stays. */
export function fillVariables(query: string, variables: Readonly<Record<string, string>>): string {
  return query.replace(/\$([A-Z]+)/g, (whole, name: string) =>
    Object.hasOwn(variables, name) ? quoteValue(variables[name] as string) : whole,
  )
}

/** All statements of a dashboard as one query: its items come back in the order of the charts. */
export function dashboardQuery(dashboard: Dashboard, variables: Readonly<Record<string, string>>): string {
  return dashboard.charts.map((chart) => fillVariables(chart.query, variables)).join(';\n')
}

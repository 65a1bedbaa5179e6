/** Dashboards are data: a page of charts is a table of titles and tsquery statements. */

import type { Unit } from '../format/units.js'

export interface DashboardChart {
  /** Unique in its dashboard; letters, digits and `-`: it stands in addresses. */
  readonly id: string
  readonly title: string
  /** One statement, without a semicolon; `$HOSTID` stands for the page's host, quoted. */
  readonly query: string
  readonly kind: 'lines' | 'stack'
  /** Where the streams' own units say too little, as after arithmetic. */
  readonly unit?: Unit
  /** Aliases or metrics that are a mark to compare with: drawn dashed. */
  readonly marks?: readonly string[]
  /** Attributes that stand in every label, also where there is only one. */
  readonly labels?: readonly string[]
  readonly top?: number
}

export interface Dashboard {
  readonly id: string
  readonly title: string
  readonly charts: readonly DashboardChart[]
}

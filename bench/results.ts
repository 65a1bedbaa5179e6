/** Everything that a run has found, for the tables, the bars and `--json`. */
import type { QueryMeasure } from './queries/measure.js'
import type { Machine } from './report/machine.js'
import type { AgentsMeasure } from './run-agents.js'
import type { ExporterMeasure } from './run-exporter.js'
import type { LoadMeasure } from './run-load.js'
import type { ManagerMeasure } from './run-manager.js'
import type { SteadyMeasure } from './run-steady.js'
import type { Protocol } from './tsbs/data-set.js'
import type { QueryType } from './tsbs/queries.js'

export interface LoadResults {
  plan: string
  protocol: Protocol
  samples: number
  /** First timestamp, ISO 8601. */
  start: string
  bytes: number
  sha256: string
  /** Samples a second that the load generator reaches against a server that forgets them. */
  ceiling: number
  /** In the order in which they ran. */
  measures: LoadMeasure[]
}

export interface QueryResults {
  plan: string
  type: QueryType
  /** One for each dialect, all rounds together. */
  measures: QueryMeasure[]
  /** What the comparison of the answers gave, in words; absent where there was nothing to compare. */
  compared?: { equal: boolean; text: string }
}

/** How long parsing, checking and planning took, by EXPLAIN, each for a text of its own. */
export interface PlanningResults {
  plan: string
  milliseconds: number[]
}

export interface Results {
  date: string
  command: string
  machine: Machine
  systems: { name: string; version: string; missing?: string }[]
  loads: LoadResults[]
  queries: QueryResults[]
  planning: PlanningResults[]
  steady: SteadyMeasure[]
  agents: AgentsMeasure[]
  managers: ManagerMeasure[]
  exporter?: ExporterMeasure
}

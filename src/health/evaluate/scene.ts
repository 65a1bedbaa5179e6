import type { HealthModel } from '../../wire/health.js'
import type { TestCatalogue } from '../tests/catalogue.js'
import { type Node, nodeKey, type Profile } from './nodes.js'
import { createTable, type Table } from './table.js'

/** What comes of one model: entities in the order in which they are looked at, their tests, and their rows. */
export interface Scene {
  readonly model: HealthModel | undefined
  readonly tests: TestCatalogue
  readonly table: Table
  nodes: Node[]
  readonly byKey: Map<string, Node>
  /** By kind and configuration. */
  readonly profiles: Map<string, Profile>
  /** By key of a configuration its values, with names in lower case. */
  readonly configs: Map<string, ReadonlyMap<string, string>>
}

/** `rows`: that the table will probably have. */
export const createScene = (model: HealthModel | undefined, tests: TestCatalogue, rows = 1024): Scene => ({
  model,
  tests,
  table: createTable(rows),
  nodes: [],
  byKey: new Map(),
  profiles: new Map(),
  configs: new Map(),
})

export const findIn = ({ byKey }: Scene, category: string, identity: string | undefined): Node | undefined =>
  identity === undefined ? undefined : byKey.get(nodeKey(category, identity))

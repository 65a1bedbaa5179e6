import type { Entity, EntityIndex } from '../../metrics/index.js'
import type { Points } from '../functions/points.js'

/** The entities that one read is about, numbered from 0 in the order of their ids. */
export interface Chunk {
  readonly entities: readonly Entity[]
  /** By durable id; made when first asked for. */
  readonly ordinalOf: ReadonlyMap<number, number>
  /** By index in the catalogue; made when first asked for. */
  readonly ordinalOfIndex: ReadonlyMap<EntityIndex, number>
  /** Whether more of the same selection is in other chunks. */
  readonly partial: boolean
}

export function chunkOf(entities: readonly Entity[], partial: boolean): Chunk {
  let byId: Map<number, number> | undefined
  let byIndex: Map<EntityIndex, number> | undefined
  return {
    entities,
    get ordinalOf() {
      byId ??= new Map(entities.map((entity, i) => [entity.id, i]))
      return byId
    },
    get ordinalOfIndex() {
      byIndex ??= new Map(entities.map((entity, i) => [entity.index, i]))
      return byIndex
    },
    partial,
  }
}

/** What was read: per leaf, by its place in the plan, the points of each entity of the chunk. */
export type LeafPoints = readonly (readonly (Points | undefined)[] | undefined)[]

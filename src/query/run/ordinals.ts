import type { Entity, EntityIndex } from '../../metrics/index.js'

/** The entities that one read is about, numbered from 0 in the order of their ids. */
export interface Chunk {
  readonly entities: readonly Entity[]
  /** By durable id. */
  readonly ordinalOf: ReadonlyMap<number, number>
  readonly ordinalOfIndex: ReadonlyMap<EntityIndex, number>
  /** Whether more of the same selection is in other chunks. */
  readonly partial: boolean
}

export function chunkOf(entities: readonly Entity[], partial: boolean): Chunk {
  const ordinalOf = new Map<number, number>()
  const ordinalOfIndex = new Map<EntityIndex, number>()
  for (let i = 0; i < entities.length; i++) {
    const entity = entities[i] as Entity
    ordinalOf.set(entity.id, i)
    ordinalOfIndex.set(entity.index, i)
  }
  return { entities, ordinalOf, ordinalOfIndex, partial }
}

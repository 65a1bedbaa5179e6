import type { Entity } from '../../metrics/index.js'
import { filterPoints, NO_POINTS, type Points } from '../functions/points.js'
import type { Evaluation } from '../plan/compile.js'
import type { Window } from '../plan/leaf.js'
import type { Facts } from './facts.js'
import type { LeafPoints } from './ordinals.js'
import type { Subject } from './select-entities.js'

/** One object for all entities of a statement: `at` moves it on. */
export class EntityEvaluation implements Evaluation {
  entity!: Entity
  #ordinal = 0
  #part: Window | undefined
  #points: LeafPoints = []
  readonly #facts: Facts
  readonly #keep: ((time: number) => boolean) | undefined

  /** `keep`: which times count, where a statement leaves some out (`day in`, `hour in`). */
  constructor(facts: Facts, keep: ((time: number) => boolean) | undefined) {
    this.#facts = facts
    this.#keep = keep
  }

  at(subject: Subject, ordinal: number, points: LeafPoints): this {
    this.entity = subject.entity
    this.#part = subject.part
    this.#ordinal = ordinal
    this.#points = points
    return this
  }

  leaf(place: number): Points {
    let points = this.#points[place]?.[this.#ordinal] ?? NO_POINTS
    if (this.#part !== undefined) points = within(points, this.#part)
    return this.#keep === undefined ? points : filterPoints(points, this.#keep)
  }

  hostFact(entity: Entity, fallback: number): number {
    return this.#facts.hostFact(entity, fallback)
  }

  clusterFact(entity: Entity, fallback: number): number {
    return this.#facts.clusterFact(entity, fallback)
  }

  roleCount(entity: Entity, roleType: string | undefined, roleState: string | undefined): number {
    return this.#facts.roleCount(entity, roleType, roleState)
  }
}

function within(points: Points, window: Window): Points {
  let { start, end } = points
  while (start < end && (points.times[start] as number) < window.from) start++
  while (end > start && (points.times[end - 1] as number) > window.to) end--
  return { ...points, start, end }
}

import { setImmediate as othersTurn } from 'node:timers/promises'
import type { HealthModel } from '../wire/health.js'
import type { Node } from './evaluate/nodes.js'
import type { Picture } from './evaluate/picture.js'
import type { Table } from './evaluate/table.js'

/** Takes models over, one after the other and turn by turn, while everybody else goes on with the picture as it was. */
export interface Models {
  /**
   * Resolves when the picture is that of the model, and `then` is done: it begins in the turn in which the model comes into
   * force, and gets who is gone and the table that their rows are in. When it is all being stopped nothing is taken over.
   */
  take(
    model: HealthModel | undefined,
    now: number,
    then?: (gone: readonly Node[], table: Table) => Promise<void>,
  ): Promise<void>
  /** Does what changes entities, and does it again when there is a new picture in the making. It must do no harm twice. */
  change<T>(action: () => T): T
  /** Set while one is being taken over: nothing may be evaluated. */
  readonly taking: Promise<void> | undefined
  /** How many have been begun. */
  readonly begun: number
}

/** What is done again in one go is bounded: with more of it, the rest of the model is taken over at once. */
const MOST_AGAIN = 100

export function createModels(picture: () => Picture, signal: AbortSignal): Models {
  let taking: Promise<void> | undefined
  let again: (() => unknown)[] | undefined
  let begun = 0

  async function take(model: HealthModel | undefined, now: number, then?: Parameters<Models['take']>[2]) {
    if (signal.aborted) return
    begun++
    const { table } = picture()
    const missed: (() => unknown)[] = []
    again = missed
    const turns = picture().takeOver(model, now)
    try {
      let turn = turns.next()
      while (!turn.done) {
        if (missed.length < MOST_AGAIN) await othersTurn()
        if (signal.aborted) return
        turn = turns.next()
      }
      again = undefined
      for (const action of missed) action()
      await then?.(turn.value, table)
    } finally {
      again = undefined
      turns.return([])
    }
  }

  return {
    take(model, now, then) {
      const before = taking ?? Promise.resolve()
      const mine = before.catch(() => undefined).then(() => take(model, now, then))
      const done = mine.finally(() => {
        if (taking === done) taking = undefined
      })
      taking = done
      return done
    },
    change(action) {
      again?.push(action)
      return action()
    },
    get taking() {
      return taking
    },
    get begun() {
      return begun
    },
  }
}

/** Calls `work` with part after part of a list, and lets others have their turn in between. */
export async function inTurns<T>(
  list: readonly T[],
  work: (part: readonly T[]) => void,
  most = 200,
): Promise<void> {
  for (let start = 0; start < list.length; start += most) {
    if (start > 0) await othersTurn()
    work(list.slice(start, start + most))
  }
}

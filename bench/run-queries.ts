/** Asks the systems, on the data that they have loaded before, everything in all the dialects they have. */
import { type Client, createClient } from './load/client.js'
import type { Answer } from './queries/answers.js'
import { DIALECTS, type Dialect } from './queries/dialects.js'
import {
  type Amount,
  collectAnswers,
  measureQueries,
  type QueryMeasure,
  WARM_UP,
  warmUp,
} from './queries/measure.js'
import { measurePlanning } from './queries/planning.js'
import type { Running, System } from './systems/system.js'
import { untilIdle, usageOf } from './systems/usage.js'
import { drawAlignedCases, drawCases, type QueryType } from './tsbs/queries.js'
import type { DataParameters } from './tsbs/simulation.js'

/** Answers on bucket edges that are compared for each type, but no more than this many values of a type, or one answer. */
const COMPARED = 3
const COMPARED_VALUES = 1_000_000

export interface QueryRound {
  measures: QueryMeasure[]
  /** Milliseconds that a typical query took to be parsed, checked and planned, where the system says. */
  planning: number[]
  /** Per type and dialect, the answers to be compared; of the first round only. */
  answers: Map<string, { dialect: string; answers: Answer[] }>
}

export interface QueryOptions {
  types: QueryType[]
  data: DataParameters
  seed: number
  /** Queries of each type and form. */
  runs: Amount
  /** Whether answers are kept, to be compared. */
  compare: boolean
}

/**
 * One round: all systems run, each is warmed up, and then each type is asked of one system after the other, so that what else the
 * machine does in these seconds falls on all of them. Only the one that is asked has something to do. The order of `systems` is
 * turned with each type.
 */
export async function runQueries(
  systems: { system: System; folder: string }[],
  { types, data, seed, runs, compare }: QueryOptions,
): Promise<QueryRound[]> {
  const asked: Asked[] = []
  try {
    for (const { system, folder } of systems) {
      const dialects = DIALECTS.filter((d) => d.system === system.name)
      if (dialects.length > 0) asked.push(await startAsking(system, folder, dialects))
    }
    for (const { running, client, dialects } of asked) {
      await untilIdle(running.pid)
      for (const type of types)
        for (const dialect of dialects) await warmUp(client, dialect, othersOf(type), WARM_UP)
    }
    for (const [n, type] of types.entries())
      for (const each of n % 2 ? [...asked].reverse() : asked)
        for (const dialect of each.dialects) {
          // What the type before has left behind is not this one's.
          for (const { running } of asked) await untilIdle(running.pid, 1)
          await askType(each, dialect, type)
        }
    for (const { system, client, round } of asked)
      if (system.name === 'Bellwether') round.planning = await measurePlanning(client, data)
  } finally {
    for (const { client, running } of asked) {
      client.close()
      await running.stop()
    }
  }
  return asked.map(({ round }) => round)

  /** Other windows and hosts than those that are measured. */
  function othersOf(type: QueryType) {
    return drawCases(type, data, ~seed, WARM_UP.most)
  }

  async function askType({ running, client, round }: Asked, dialect: Dialect, type: QueryType) {
    const measure = await measureQueries(client, dialect, type.name, {
      cases: drawCases(type, data, seed, runs.most),
      others: othersOf(type),
      runs,
      cpuSeconds: () => usageOf(running.pid).cpuSeconds,
    })
    round.measures.push(measure)
    if (!compare || measure.refused) return
    const buckets = type.step ? type.windowSeconds / type.step : 1
    const values = type.metrics * (type.by === 'host' ? type.hosts || data.hosts : 1) * buckets
    const count = Math.max(1, Math.min(COMPARED, Math.floor(COMPARED_VALUES / values)))
    const cases = drawAlignedCases(type, data, seed, count)
    round.answers.set(`${type.name}\n${dialect.name}`, {
      dialect: dialect.name,
      answers: await collectAnswers(client, dialect, cases),
    })
  }
}

interface Asked {
  system: System
  running: Running
  client: Client
  dialects: Dialect[]
  round: QueryRound
}

async function startAsking(system: System, folder: string, dialects: Dialect[]): Promise<Asked> {
  const running = await system.start(folder)
  const round: QueryRound = { measures: [], planning: [], answers: new Map() }
  return { system, running, client: createClient(running.origin), dialects, round }
}

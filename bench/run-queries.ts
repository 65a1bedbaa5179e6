/** Asks one system, on the data that it has loaded before, everything in all the dialects it has. */
import { createClient } from './load/client.js'
import type { Answer } from './queries/answers.js'
import { DIALECTS, type Dialect } from './queries/dialects.js'
import { collectAnswers, measureQueries, type QueryMeasure, WARM_UP, warmUp } from './queries/measure.js'
import { measurePlanning } from './queries/planning.js'
import type { System } from './systems/system.js'
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

export async function runQueries(
  system: System,
  folder: string,
  types: QueryType[],
  data: DataParameters,
  seed: number,
  runs: number,
  compare: boolean,
): Promise<QueryRound> {
  const round: QueryRound = { measures: [], planning: [], answers: new Map() }
  const dialects = DIALECTS.filter((d) => d.system === system.name)
  if (dialects.length === 0) return round
  const running = await system.start(folder)
  const client = createClient(running.origin)
  try {
    await untilIdle(running.pid)
    for (const type of types)
      for (const dialect of dialects) await warmUp(client, dialect, othersOf(type), WARM_UP)
    for (const type of types) for (const dialect of dialects) await askType(client, dialect, type, round)
    if (system.name === 'Bellwether') round.planning = await measurePlanning(client, data)
  } finally {
    client.close()
    await running.stop()
  }
  return round

  /** Other windows and hosts than those that are measured. */
  function othersOf(type: QueryType) {
    return drawCases(type, data, ~seed, WARM_UP.most)
  }

  async function askType(
    connection: ReturnType<typeof createClient>,
    dialect: Dialect,
    type: QueryType,
    into: QueryRound,
  ) {
    // What the type before has left behind is not this one's.
    await untilIdle(running.pid, 1)
    const measure = await measureQueries(
      connection,
      dialect,
      type.name,
      drawCases(type, data, seed, Math.max(runs, 1)),
      othersOf(type),
      () => usageOf(running.pid).cpuSeconds,
    )
    into.measures.push(measure)
    if (!compare || measure.refused) return
    const buckets = type.step ? type.windowSeconds / type.step : 1
    const values = type.metrics * (type.by === 'host' ? type.hosts || data.hosts : 1) * buckets
    const count = Math.max(1, Math.min(COMPARED, Math.floor(COMPARED_VALUES / values)))
    const cases = drawAlignedCases(type, data, seed, count)
    into.answers.set(`${type.name}\n${dialect.name}`, {
      dialect: dialect.name,
      answers: await collectAnswers(connection, dialect, cases),
    })
  }
}

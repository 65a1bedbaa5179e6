import { type Store, TABLES } from '../../metrics/index.js'
import { QueryError } from '../errors.js'

/** A dashboard as Cloudera Manager's API has it: `json` is opaque. */
export interface Dashboard {
  name: string
  json: string
}

export interface Dashboards {
  list(): Promise<Dashboard[]>
  /** All or none: refused when one of the names is there already. */
  add(dashboards: readonly Dashboard[]): Promise<void>
  /** The removed one; undefined when there was none. */
  remove(name: string): Promise<Dashboard | undefined>
}

const MOST = 5_000
const LONGEST_NAME = 200

/**
 * Dashboards in the metrics database, so that every monitor of it has them. One insert is one block: a list of new
 * dashboards is stored whole or not at all. Names are values of rows, never part of a statement.
 */
export function createDashboards(store: Pick<Store, 'client'>): Dashboards {
  let last = 0
  let writing: Promise<unknown> = Promise.resolve()
  const list = () =>
    guarded(async () => {
      const result = await store.client.query({
        query: `SELECT name, json FROM ${TABLES.dashboards} FINAL WHERE removed = 0 ORDER BY name`,
        format: 'JSONEachRow',
      })
      return result.json<Dashboard>()
    })
  const write = (dashboards: readonly Dashboard[], removed: 0 | 1) =>
    guarded(async () => {
      // The last change wins: so no two have the same number, and the clock's going back does no harm here.
      last = Math.max(last + 1, Date.now() * 1000)
      const changed = String(last)
      await store.client.insert({
        table: TABLES.dashboards,
        values: dashboards.map(({ name, json }) => ({ name, json: removed ? '' : json, removed, changed })),
        format: 'JSONEachRow',
      })
    })
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const turn = writing.then(task, task)
    writing = turn.catch(() => undefined)
    return turn
  }
  return {
    list,
    add: (dashboards) =>
      inTurn(async () => {
        const known = new Set((await list()).map(({ name }) => name))
        for (const { name } of dashboards) {
          if (name.trim() === '' || name.length > LONGEST_NAME)
            throw new QueryError('BAD_REQUEST', `A dashboard's name has 1 to ${LONGEST_NAME} characters.`)
          if (known.has(name))
            throw new QueryError('BAD_REQUEST', `There is a dashboard ${JSON.stringify(name)} already.`)
          known.add(name)
        }
        if (known.size > MOST) throw new QueryError('BAD_REQUEST', `There can be ${MOST} dashboards at most.`)
        if (dashboards.length > 0) await write(dashboards, 0)
      }),
    remove: (name) =>
      inTurn(async () => {
        const found = (await list()).find((dashboard) => dashboard.name === name)
        if (found !== undefined) await write([found], 1)
        return found
      }),
  }
}

async function guarded<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (cause) {
    if (cause instanceof QueryError) throw cause
    throw new QueryError(
      'STORE_UNAVAILABLE',
      'The metrics database does not answer at the moment; try again soon.',
      { cause },
    )
  }
}

import type { Context } from 'hono'
import type { Cardinality } from '../../metrics/index.js'
import type { ErrorBody } from '../../wire/timeseries.js'

const DEFAULT_TOP = 20
const MOST_TOP = 1_000

/**
 * `GET /api/:version/timeseries/cardinality[?top=N]`: how many series there are and where they come from, as JSON
 * (`Cardinality`), each list with its `top` largest (1 to 1000, default 20). 400 for another `top`.
 *
 * With a million entities a count takes a second or two: requests for the same `top` share the one that runs.
 */
export function cardinalityRoute(store: { cardinality(top?: number): Promise<Cardinality> }) {
  const running = new Map<number, Promise<Cardinality>>()
  return async (c: Context): Promise<Response> => {
    const top = Number(c.req.query('top') ?? DEFAULT_TOP)
    if (!(Number.isInteger(top) && top >= 1 && top <= MOST_TOP))
      return c.json<ErrorBody>(
        { message: `top must be a whole number from 1 to ${MOST_TOP}.`, code: 'BAD_REQUEST' },
        400,
      )
    let counting = running.get(top)
    if (counting === undefined) {
      counting = store.cardinality(top).finally(() => running.delete(top))
      running.set(top, counting)
    }
    return c.json(await counting)
  }
}

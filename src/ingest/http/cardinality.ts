import type { Context } from 'hono'
import type { Cardinality, StoreLimits } from '../../metrics/index.js'
import type { CardinalityAnswer } from '../../wire/cardinality.js'
import type { ErrorBody } from '../../wire/timeseries.js'
import type { Meters } from '../meters.js'
import type { Senders } from '../senders.js'

const DEFAULT_TOP = 20
const MOST_TOP = 1_000

/**
 * `GET /api/:version/timeseries/cardinality[?top=N]`: how many series there are, where they come from, the
 * limits and what was refused, as JSON (`CardinalityAnswer`), each list with its `top` largest (1 to 1000, default 20). 400 for another `top`.
 *
 * With a million entities a count takes a second or two: requests for the same `top` share the one that runs.
 */
export function cardinalityRoute(
  store: { cardinality(top?: number): Promise<Cardinality>; readonly limits: Readonly<StoreLimits> },
  meters: Pick<Meters, 'refusals'>,
  senders: Pick<Senders, 'list'>,
) {
  const { series, seriesPerSender, entities, metrics } = store.limits
  const refused = (top: number): CardinalityAnswer['refused'] => {
    const reasons = meters.refusals
    return {
      samples: reasons.reduce((sum, { samples }) => sum + samples, 0),
      reasons: reasons.slice(0, top),
      senders: senders
        .list()
        .filter((each) => each.refused > 0)
        .sort((a, b) => b.refused - a.refused)
        .slice(0, top)
        .map(({ sender, protocol, refused, samples, lastSeen }) => ({
          sender,
          protocol,
          refused,
          stored: samples,
          lastSeen,
        })),
    }
  }
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
    return c.json<CardinalityAnswer>({
      ...(await counting),
      limits: { series, seriesPerSender, entities, metrics },
      refused: refused(top),
    })
  }
}

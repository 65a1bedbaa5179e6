/** How long a typical query takes until it can be read for: parsed, checked, its entities found, planned. */
import type { TimeSeriesResponse } from '../../src/wire/timeseries.js'
import type { Client } from '../load/client.js'
import { type DataParameters, queryEnd } from '../tsbs/simulation.js'

const WARM_UP = 2_000
const MEASURED = 200
const STEPS = ['parse', 'check', 'choose entities and plan']

/** Milliseconds, as EXPLAIN tells them; each query has a text of its own, so that no parsed one is found again. */
export async function measurePlanning(client: Client, data: DataParameters): Promise<number[]> {
  const to = queryEnd(data)
  const times: number[] = []
  for (let i = 0; i < WARM_UP + MEASURED; i++) {
    const parameters = new URLSearchParams({
      query: typicalQuery(i, data.hosts),
      from: new Date(to - 300_000).toISOString(),
      to: new Date(to).toISOString(),
    })
    const { status, body } = await client.send('GET', `/api/v45/timeseries?${parameters}`)
    if (status !== 200) throw new Error(`EXPLAIN: ${status} ${body}`)
    const plan = (JSON.parse(body.toString()) as TimeSeriesResponse).items[0]?.plan
    const steps = plan?.steps.filter(({ name }) => STEPS.includes(name)) ?? []
    if (steps.length !== STEPS.length || plan?.streams !== 2)
      throw new Error(`EXPLAIN has not what was expected: ${body}`)
    if (i >= WARM_UP) times.push(steps.reduce((sum, { milliseconds }) => sum + milliseconds, 0))
  }
  return times
}

/** Functions, arithmetic, an alias, conditions on an attribute, with a pattern and on a stream. */
function typicalQuery(i: number, hosts: number): string {
  return (
    `explain select cpu_usage_user / greatest(cpu_usage_system, 1) * 100 as "ratio ${i}", ` +
    `last(moving_avg(cpu_usage_user, 300)) where hostname = host_${i % hosts} ` +
    `and hostname rlike "host.*" and last(cpu_usage_user) > -${i + 1}.5`
  )
}

import { readFile } from 'node:fs/promises'
import { connectionProblem } from '../../wire/connection-problem.js'
import type { MetricEndpoint, MetricRule } from '../../wire/heartbeat.js'
import { fetchMntr, fetchPage } from './fetch.js'
import { beanPath, jsonPath, lookUp, parsed, readBeans } from './json.js'
import { readMntr } from './mntr.js'
import { parseSelector, readPrometheus } from './prometheus.js'
import type { Scraped } from './scraped.js'
import { readWholePage } from './whole-page.js'

/**
 * Makes rules ready for a type of endpoint, once; the result reads pages. Rules that make no sense for it find nothing; a
 * `prometheus` page without rules is taken whole.
 */
export function createReader(
  type: MetricEndpoint['type'],
  rules: readonly MetricRule[],
): (page: Buffer) => Scraped[] {
  if (type === 'prometheus' && rules.length === 0) return readWholePage
  const valuesOf = valuesReader(type, rules)
  return (page) => {
    const values = valuesOf(page)
    return rules.flatMap((rule, i) => {
      const value = toNumber(values[i], rule)
      return Number.isFinite(value) ? [{ metric: rule.metric, value }] : []
    })
  }
}

function valuesReader(
  type: MetricEndpoint['type'],
  rules: readonly MetricRule[],
): (page: Buffer) => ArrayLike<unknown> {
  switch (type) {
    case 'prometheus': {
      // A name that cannot occur stands for a rule that is no selector.
      const selectors = rules.map(({ context }) => parseSelector(context) ?? { name: '', labels: [] })
      return (page) => readPrometheus(page, selectors)
    }
    case 'jmx': {
      const paths = rules.map(({ context }) => beanPath(context))
      return (page) => readBeans(JSON.parse(page.toString('utf8')), paths)
    }
    case 'json': {
      const paths = rules.map(({ context }) => jsonPath(context))
      return (page) => {
        const document = JSON.parse(page.toString('utf8'))
        return paths.map((keys) => lookUp(document, keys))
      }
    }
    default:
      return (page) => {
        const found = readMntr(page.toString('utf8'))
        return rules.map(({ context }) => found.get(context))
      }
  }
}

function toNumber(value: unknown, rule: MetricRule): number {
  const { valueMap, scale = 1, as } = rule
  if (as === 'count') {
    const members = typeof value === 'string' ? parsed(value) : value
    return typeof members === 'object' && members !== null ? Object.keys(members).length * scale : Number.NaN
  }
  if (as === 'age') {
    const { as: _, ...plain } = rule
    const time = toNumber(value, plain)
    // 0: there was none yet. A clock may have been set back.
    return time > 0 ? Math.max(0, Date.now() - time) / 1000 : Number.NaN
  }
  if (Array.isArray(value)) {
    const found = value.map((one) => toNumber(one, rule)).filter((one) => Number.isFinite(one))
    return found.length > 0 ? found.reduce((sum, one) => sum + one, 0) : Number.NaN
  }
  if (typeof value === 'string' && valueMap && Object.hasOwn(valueMap, value)) return valueMap[value]! * scale
  if (typeof value === 'number') return value * scale
  if (typeof value === 'boolean') return (value ? 1 : 0) * scale
  // ZooKeeper's values, and big numbers that a servlet puts in quotes.
  if (typeof value === 'string' && /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(value)) return Number(value) * scale
  return Number.NaN
}

/** Rejects when there is no page, or none that can be read. */
export async function scrape(
  endpoint: MetricEndpoint,
  read: (page: Buffer) => Scraped[],
): Promise<Scraped[]> {
  if (endpoint.type === 'mntr') return read(await fetchMntr(endpoint.host!, endpoint.port!, endpoint))
  const { token, caFile } = endpoint
  const url = endpoint.url!
  const { page } = await fetchPage(url, endpoint, {
    // A role's own certificate, on the same host as a rule. It has to be a good one only where a token is sent.
    rejectUnauthorized: token !== undefined || caFile !== undefined,
    ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
    ...(caFile === undefined ? {} : { ca: await readFile(caFile) }),
  }).catch((error) => {
    throw new Error(connectionProblem(error, { url, caOption: 'the setting of its authorities' }))
  })
  return read(page)
}

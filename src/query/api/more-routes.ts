import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Store } from '../../metrics/index.js'
import { badQuery, QueryError } from '../errors.js'
import { parseScript, parseTrigger, printScript, printTrigger } from '../syntax/index.js'
import { completeQuery } from './complete.js'
import { createDashboards, type Dashboard } from './dashboards.js'
import { entityTypes } from './entity-types.js'
import { entityAttributes, metricSchema } from './metadata.js'

/** What is beside the query itself under `/timeseries`. */
export function moreRoutes(store: Pick<Store, 'catalogue' | 'client'>) {
  const { catalogue } = store
  const app = new Hono<{ Bindings: Partial<HttpBindings> }>()

  app.get('/schema', (c) => {
    const items = Array.from({ length: catalogue.metricCount }, (_, i) =>
      metricSchema(catalogue, catalogue.metricAt(i)),
    )
    return c.json({ items: items.sort((a, b) => (a.name < b.name ? -1 : 1)) })
  })
  app.get('/entityTypes', (c) => c.json({ items: entityTypes(catalogue) }))
  app.get('/entityTypeAttributes', (c) => c.json({ items: entityAttributes(catalogue) }))

  app.get('/complete', (c) => {
    const query = c.req.query('query') ?? ''
    const offset = Number(c.req.query('offset') ?? query.length)
    if (!Number.isInteger(offset) || offset < 0 || offset > query.length)
      throw new QueryError('BAD_REQUEST', 'offset is a place in the query, from 0 to its length.')
    return c.json(completeQuery(catalogue, query, offset))
  })
  app.get('/format', (c) => c.json({ query: formatted(c.req.query('query') ?? '') }))

  app.post('/entities/rename', async (c) =>
    c.json(rename(catalogue, await c.req.json().catch(() => undefined))),
  )

  const dashboards = createDashboards(store)
  app.get('/dashboards', async (c) => c.json({ items: await dashboards.list() }))
  app.post('/dashboards', async (c) => {
    const list = dashboardList(await c.req.json().catch(() => undefined))
    await dashboards.add(list)
    return c.json({ items: list })
  })
  app.get('/dashboards/:name', async (c) => {
    const name = c.req.param('name')
    const found = (await dashboards.list()).find((dashboard) => dashboard.name === name)
    return found === undefined ? c.json(missing(name), 404) : c.json(found)
  })
  app.delete('/dashboards/:name', async (c) => {
    const name = c.req.param('name')
    const removed = await dashboards.remove(name)
    return removed === undefined ? c.json(missing(name), 404) : c.json(removed)
  })
  return app
}

const missing = (name: string) => ({
  message: `There is no dashboard ${JSON.stringify(name)}.`,
  code: 'NOT_FOUND',
})

/** A query, or a trigger's expression, in normal form. */
function formatted(text: string): string {
  if (/^\s*if\b/i.test(text)) {
    const { trigger, problems } = parseTrigger(text)
    if (trigger === undefined) throw badQuery(problems)
    return printTrigger(trigger)
  }
  const { script, problems } = parseScript(text)
  if (script === undefined) throw badQuery(problems)
  return printScript(script)
}

function dashboardList(body: unknown): Dashboard[] {
  const items = (body as { items?: unknown } | undefined)?.items
  if (!Array.isArray(items))
    throw new QueryError('BAD_REQUEST', 'The body must be {"items": [{"name": "…", "json": "…"}]}.')
  return items.map((item: Partial<Dashboard> | null) => {
    if (typeof item?.name !== 'string' || typeof item.json !== 'string')
      throw new QueryError('BAD_REQUEST', 'Each dashboard has a name and its json, both strings.')
    return { name: item.name, json: item.json }
  })
}

/** Gives an entity a new name from now on. What was stored under the old one stays there, and is found by it. */
function rename(catalogue: Store['catalogue'], body: unknown): EntityNames {
  const { category, name, newName } = (body ?? {}) as Partial<Record<string, unknown>>
  if (
    typeof category !== 'string' ||
    typeof name !== 'string' ||
    typeof newName !== 'string' ||
    newName.trim() === ''
  )
    throw new QueryError('BAD_REQUEST', 'The body must be {"category": "…", "name": "…", "newName": "…"}.')
  if (newName.length > LONGEST_NAME)
    throw new QueryError('BAD_REQUEST', `A name has ${LONGEST_NAME} characters at most.`)
  const upper = category.toUpperCase()
  const entity = catalogue.findEntity(upper, name)
  if (entity === undefined)
    throw new QueryError('BAD_REQUEST', `There is no ${upper} named ${JSON.stringify(name)}.`)
  const other = catalogue.findEntity(upper, newName)
  if (other !== undefined && other.id !== entity.id)
    throw new QueryError('BAD_REQUEST', `There is a ${upper} named ${JSON.stringify(newName)} already.`)
  catalogue.renameEntity(entity.index, newName)
  return { category: upper, names: catalogue.entityAt(entity.index).names }
}

const LONGEST_NAME = 500

interface EntityNames {
  category: string
  /** All names, oldest first, each with the time from which it held, in milliseconds since the epoch. */
  names: readonly { name: string; since: number }[]
}

import { randomBytes } from 'node:crypto'
import type { EntityHealth, HealthChange, HealthModel, HealthReceipt } from '../wire/health.js'
import { readHealthModel } from '../wire/health-read.js'
import { createHealthApi } from './api/app.js'
import { createSummaries } from './api/summaries.js'
import { explainAll } from './evaluate/explain.js'
import { createFeed } from './evaluate/feed.js'
import { type Gone, goneOf, goneOfRemembered, lastChange } from './evaluate/gone.js'
import type { Node } from './evaluate/nodes.js'
import type { Now } from './evaluate/observe.js'
import { createPicture } from './evaluate/picture.js'
import type { Remembered } from './evaluate/place.js'
import { healthOfNode } from './evaluate/ref.js'
import { createStreams } from './evaluate/streams.js'
import { sweep } from './evaluate/sweep.js'
import type { Table } from './evaluate/table.js'
import { createFigures } from './figures.js'
import { followNames } from './history/entities.js'
import { readModel, readStates, writeModel } from './history/read.js'
import { createHealthSeries } from './history/series.js'
import { createHistory } from './history/write.js'
import { createModels, inTurns } from './models.js'
import { endOfRecalled, takeReport } from './reported.js'
import { createRounds } from './rounds.js'
import { createHealthMetrics } from './self-metrics.js'
import { loadTestFiles } from './tests/catalogue.js'
import { createTurns } from './turns.js'
import { type Health, type HealthOptions, type HealthReport, StaleModelError } from './types.js'

const PAUSE_MS = 2_000
/** After a start, and after a failure of the store, missing figures may be our own fault for so long. */
const PATIENCE_MS = 90_000
/** A result from elsewhere is kept after a start for so long, until it is reported again. */
const RECALLED_MS = 300_000
const SOON_MS = 100
const FORGET_BARE_MS = 86_400_000
const DELETED = 'It was deleted.'

/**
 * Looks after the health of all entities.
 *
 *     const health = createHealth({ store, logger, registry, onChanges: (changes) => events.take(changes) })
 *     await health.start()
 *     app.route('/', health.app)
 */
export function createHealth(options: HealthOptions): Health {
  const { store, logger, registry, leads = () => true, pollMs = 0, now = Date.now } = options
  const { pauseMs = PAUSE_MS, seriesMs = 60_000 } = options
  const streams = createStreams(now)
  const remembered: Remembered = new Map()
  const stopping = new AbortController()
  const run = randomBytes(6).toString('hex')
  const history = createHistory({ store, logger, onChanges: options.onChanges })
  const series = createHealthSeries(store)
  let picture!: ReturnType<typeof createPicture>
  let feed!: ReturnType<typeof createFeed>
  const models = createModels(() => picture, stopping.signal)
  let term = 0
  let patientUntil = 0
  const turns = createTurns(turn, pauseMs, now)
  const evaluations = createRounds(evaluateOnce)
  const figures = createFigures({
    store,
    logger,
    streams,
    picture: () => picture,
    feed: () => feed,
    now,
    signal: stopping.signal,
  })
  let started: Promise<void> | undefined
  let stopped: Promise<void> | undefined
  let unlisten: (() => void) | undefined
  let led = false
  let polledAt = 0
  let writtenAt = 0
  /** When the last complete evaluation began. */
  let sweptAt = 0
  let forgotAt = 0
  let recalledUntil = Number.POSITIVE_INFINITY
  const metrics = createHealthMetrics(registry, {
    entities: () => picture?.nodes ?? [],
    tests: () => picture?.table.rows ?? 0,
    factsAgeMs: () => (picture?.factsAt ? Math.max(0, now() - picture.factsAt) : undefined),
    waiting: () => history.waiting,
  })

  const nowOf = (time: number): Now => ({
    time,
    factsAt: picture.factsAt,
    lastSeen: (node) => {
      const entity = store.catalogue.findEntity('HOST', node.identity)
      return entity === undefined ? 0 : store.catalogue.lastSeen(entity.index)
    },
  })

  async function begin(): Promise<void> {
    const files = await loadTestFiles(options.testsFolder)
    picture = createPicture({ catalogue: store.catalogue, streams, files, remembered })
    feed = createFeed(store.catalogue, streams, picture, now)
    await recall()
    unlisten = store.onStored((samples) => feed.take(samples))
    await figures.load()
    led = leads()
    turns.plan(pauseMs)
  }

  /** What was known when it was recorded last. */
  async function recall(): Promise<void> {
    remembered.clear()
    for (const [key, states] of await readStates(store)) remembered.set(key, states)
    let model: HealthModel | undefined
    try {
      const given = await readModel(store)
      if (given !== undefined) model = readHealthModel(given)
    } catch (error) {
      logger.warn(
        { err: error },
        'health: the model that was kept cannot be read; the manager will send another',
      )
    }
    // One that has come meanwhile is newer than what was read.
    if (picture.model !== undefined && (model === undefined || isOlder(model, picture.model)))
      model = picture.model
    term = model?.term ?? 0
    await takeOver(model)
    // It was deleted when nobody could say so any more.
    if (model !== undefined) dropUnclaimed()
    feed.reset()
    patientUntil = now() + PATIENCE_MS
    recalledUntil = now() + RECALLED_MS
  }

  function takeOver(
    model: HealthModel | undefined,
    then?: (away: readonly Node[], table: Table) => Promise<void>,
  ) {
    return models.take(model, now(), async (away, table) => {
      feed.reset()
      await then?.(away, table)
      await inTurns(picture.leftOver(away), ([piece]) => piece?.(), 1)
    })
  }

  async function turn(): Promise<void> {
    try {
      if (leads() !== led) {
        led = leads()
        // Another monitor has recorded what was meanwhile.
        if (led) await recall()
      }
      if (pollMs > 0 && now() - polledAt >= pollMs) {
        polledAt = now()
        await figures.load(Math.max(90_000, 3 * pollMs))
      } else if (figures.isBehind) await figures.load()
      await evaluations.next()
      if (led) await keepBooks()
    } catch (error) {
      if (!stopping.signal.aborted) logger.error({ err: error }, 'health: an evaluation failed')
    }
  }

  async function keepBooks(): Promise<void> {
    const time = now()
    if (time > recalledUntil) {
      recalledUntil = Number.POSITIVE_INFINITY
      report(endOfRecalled(picture.nodes), time)
    }
    if (time - forgotAt > 600_000) {
      forgotAt = time
      const { table, version } = picture
      const away = picture.forget(time - FORGET_BARE_MS)
      if (picture.version !== version) feed.reset()
      for (const piece of away.length > 0 ? picture.leftOver(away) : []) piece()
      gone(
        away.map((node) => goneOf(node, table)),
        'Nothing has been heard of it for a day: it is not looked after any more.',
      )
    }
    if (seriesMs <= 0 || time - writtenAt < seriesMs) return
    const first = writtenAt === 0
    writtenAt = time
    if (first) return
    await series
      .write(picture.nodes, time)
      .catch((error) => logger.debug({ err: error }, 'health: its time series could not be written'))
  }

  async function evaluateOnce(): Promise<HealthChange[]> {
    await figures.loaded
    while (models.taking !== undefined) await models.taking.catch(() => undefined)
    if (stopping.signal.aborted) return []
    const { begun } = models
    const start = performance.now()
    const time = now()
    if (store.stats().failure !== '') patientUntil = time + PATIENCE_MS
    const all: HealthChange[] = []
    for (const changes of sweep({ picture, streams, now: nowOf(time), patient: time < patientUntil })) {
      // One that does not lead shows what it sees, and tells and records nothing.
      if (changes.length > 0 && leads()) {
        history.add(changes)
        metrics.changed(changes)
        if (all.length < 1_000) all.push(...changes)
        await history.room()
      }
      if (stopping.signal.aborted) return all
      await new Promise((resolve) => setImmediate(resolve))
      // The rest is looked at when the new model is there.
      if (models.begun !== begun) return all
    }
    sweptAt = time
    metrics.swept((performance.now() - start) / 1000)
    return all
  }

  /** What is no more is not remembered; a trouble that it had is over. */
  function gone(all: readonly Gone[], why: string): void {
    const time = now()
    const changes = all.flatMap((each) => lastChange(each, why, time) ?? [])
    if (changes.length > 0 && leads()) {
      history.add(changes)
      metrics.changed(changes)
    }
    history.forget(all.map(({ entity: { category, identity } }) => ({ category, identity })))
  }

  function checkTerm(given: number): void {
    if (given < term) throw new StaleModelError(given, term)
  }

  const receipt = (unknown = 0): HealthReceipt => ({
    term,
    version: picture.model?.version ?? 0,
    entities: picture.nodes.length,
    unknown,
    run,
  })

  function show(node: Node, tests: boolean): EntityHealth {
    return {
      ...healthOfNode(node),
      ...(tests && { tests: explainAll(node, picture.table, streams, nowOf(now())) }),
    }
  }

  const health: Health = {
    app: undefined as never,
    start: () => (started ??= begin()),
    stop() {
      stopped ??= (async () => {
        stopping.abort()
        turns.stop()
        unlisten?.()
        await started?.catch(() => undefined)
        await Promise.allSettled([...evaluations.pending, figures.loaded, models.taking])
        await history.stop()
      })()
      return stopped
    },
    entity(category, identity, { tests = true } = {}) {
      const node = picture?.find(category, identity)
      return node === undefined ? undefined : show(node, tests)
    },
    results({ category, tests = true } = {}) {
      const nodes = picture?.nodes ?? []
      return nodes
        .filter((node) => category === undefined || node.category === category)
        .map((node) => show(node, tests))
    },
    get model() {
      return picture?.model
    },
    async setModel(model) {
      checkTerm(model.term)
      const { model: present } = picture
      const isRepeat = present?.term === model.term && present.version >= model.version
      if (isRepeat) return receipt()
      await writeModel(store, model)
      checkTerm(model.term)
      term = model.term
      await takeOver(model, async (away, table) => {
        await inTurns(away, (part) =>
          gone(
            part.map((node) => goneOf(node, table)),
            DELETED,
          ),
        )
        await inTurns(picture.nodes, (part) => followNames(store.catalogue, part))
      })
      dropUnclaimed()
      void figures.load()
      turns.plan(SOON_MS)
      return receipt()
    },
    addFacts(facts) {
      checkTerm(facts.term)
      term = facts.term
      const unknown = models.change(() => picture.facts(facts))
      turns.plan(SOON_MS)
      return receipt(unknown)
    },
    report(results) {
      report(results, now())
      turns.plan(SOON_MS)
    },
    evaluate: evaluations.next,
  }

  /** What was remembered and the model does not have is no more. */
  function dropUnclaimed(): void {
    const away = goneOfRemembered(remembered)
    remembered.clear()
    gone(away, DELETED)
  }

  function report(results: readonly HealthReport[], time: number): void {
    models.change(() => {
      for (const given of results) {
        const node = picture.find(given.category, given.identity)
        if (node !== undefined) takeReport(node, given, time)
      }
    })
  }

  return Object.assign(health, {
    app: createHealthApi({
      health,
      store,
      logger,
      tests: () => picture.tests.definitions,
      isReady: () => picture !== undefined,
      summaries: createSummaries(
        () => picture,
        () => sweptAt,
      ),
    }),
  })
}

const isOlder = (model: HealthModel, other: HealthModel): boolean =>
  model.term !== other.term ? model.term < other.term : model.version < other.version

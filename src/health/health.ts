import { randomBytes } from 'node:crypto'
import type {
  EntityHealth,
  HealthCategory,
  HealthChange,
  HealthModel,
  HealthReceipt,
} from '../wire/health.js'
import { readHealthModel } from '../wire/health-read.js'
import { createHealthApi } from './api/app.js'
import { createSummaries } from './api/summaries.js'
import { explainAll } from './evaluate/explain.js'
import { createFeed } from './evaluate/feed.js'
import { type Gone, goneOf, lastChange } from './evaluate/gone.js'
import { loadFigures } from './evaluate/load.js'
import type { Node, Reported } from './evaluate/nodes.js'
import type { Now } from './evaluate/observe.js'
import { createPicture } from './evaluate/picture.js'
import type { Remembered } from './evaluate/place.js'
import { healthOfNode } from './evaluate/ref.js'
import { createStreams } from './evaluate/streams.js'
import { sweep } from './evaluate/sweep.js'
import { followNames } from './history/entities.js'
import { readModel, readStates, writeModel } from './history/read.js'
import { createHealthSeries } from './history/series.js'
import { createHistory } from './history/write.js'
import { createModels, inTurns } from './models.js'
import { createHealthMetrics } from './self-metrics.js'
import { DISABLED, healthOf } from './summary.js'
import { loadTestFiles } from './tests/catalogue.js'
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
  let timer: NodeJS.Timeout | undefined
  let due = 0
  let running: Promise<HealthChange[]> | undefined
  /** The one after it, when somebody has asked meanwhile. */
  let following: Promise<HealthChange[]> | undefined
  let loading: Promise<unknown> = Promise.resolve()
  let started: Promise<void> | undefined
  let stopped: Promise<void> | undefined
  let unlisten: (() => void) | undefined
  let led = false
  let loadedSlots = 0
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
    await load()
    led = leads()
    plan(pauseMs)
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
    await models.take(model, now())
    // It was deleted when nobody could say so any more.
    if (model !== undefined) dropUnclaimed()
    feed.reset()
    patientUntil = now() + PATIENCE_MS
    recalledUntil = now() + RECALLED_MS
  }

  /** Results of before that nobody has reported again: a trigger that is no more, for instance. */
  function endRecalled(time: number): void {
    for (const node of picture.nodes)
      for (const result of node.reported?.values() ?? [])
        if (result.recalled)
          report(
            [
              {
                category: node.category,
                identity: node.identity,
                test: result.name,
                label: result.label,
                summary: undefined,
                explanation: 'The test is no more.',
              },
            ],
            time,
          )
  }

  /** Brings figures from the store, one load at a time. */
  function load(recentMs?: number): Promise<void> {
    const next = loading.then(async () => {
      if (stopping.signal.aborted) return
      if (recentMs === undefined) feed.hold()
      try {
        await loadFigures({
          store,
          picture,
          feed,
          streams: streams.all,
          now: now(),
          ...(recentMs !== undefined && { recentMs }),
          signal: stopping.signal,
        })
        loadedSlots = streams.count
      } catch (error) {
        if (!stopping.signal.aborted)
          logger.warn({ err: error }, 'health: figures could not be read from the store')
      } finally {
        feed.release()
      }
    })
    loading = next
    return next
  }

  function plan(ms: number): void {
    if (stopping.signal.aborted) return
    const at = now() + ms
    if (timer !== undefined && due <= at) return
    clearTimeout(timer)
    due = at
    timer = setTimeout(() => {
      timer = undefined
      void turn().finally(() => plan(pauseMs))
    }, ms)
    timer.unref()
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
        await load(Math.max(90_000, 3 * pollMs))
      } else if (streams.count > loadedSlots * 1.02 + 100) await load()
      await evaluate()
      if (led) await keepBooks()
    } catch (error) {
      if (!stopping.signal.aborted) logger.error({ err: error }, 'health: an evaluation failed')
    }
  }

  async function keepBooks(): Promise<void> {
    const time = now()
    if (time > recalledUntil) {
      recalledUntil = Number.POSITIVE_INFINITY
      endRecalled(time)
    }
    if (time - forgotAt > 600_000) {
      forgotAt = time
      const { table } = picture
      gone(
        picture.forget(time - FORGET_BARE_MS).map((node) => goneOf(node, table)),
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

  function evaluate(): Promise<HealthChange[]> {
    if (running !== undefined) {
      // What is under way may have passed by what the caller has just told.
      const next = () => {
        following = undefined
        return evaluate()
      }
      following ??= running.then(next, next)
      return following
    }
    running = evaluateOnce().finally(() => {
      running = undefined
    })
    return running
  }

  async function evaluateOnce(): Promise<HealthChange[]> {
    await loading
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
        clearTimeout(timer)
        unlisten?.()
        await started?.catch(() => undefined)
        await Promise.allSettled([running, following, loading, models.taking])
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
      await models.take(model, now(), async (away, table) => {
        feed.reset()
        await inTurns(away, (part) =>
          gone(
            part.map((node) => goneOf(node, table)),
            DELETED,
          ),
        )
        await inTurns(picture.nodes, (part) => followNames(store.catalogue, part))
      })
      dropUnclaimed()
      void load()
      plan(SOON_MS)
      return receipt()
    },
    addFacts(facts) {
      checkTerm(facts.term)
      term = facts.term
      const unknown = models.change(() => picture.facts(facts))
      plan(SOON_MS)
      return receipt(unknown)
    },
    report(results) {
      report(results, now())
      plan(SOON_MS)
    },
    evaluate,
  }

  /** What was remembered and the model does not have is no more. */
  function dropUnclaimed(): void {
    const away = [...remembered].map(([key, states]): Gone => {
      const [category = '', identity = ''] = key.split('\0')
      const whole = states.get('')
      return {
        entity: {
          category: category as HealthCategory,
          identity,
          name: identity,
          displayName: identity,
          hosts: [],
        },
        summary: whole?.health ?? DISABLED,
        since: whole?.since ?? 0,
        tests: [...states]
          .filter(([name]) => name !== '')
          .map(([name, { health }]) => ({ name, label: name, summary: health })),
        maintenance: false,
      }
    })
    remembered.clear()
    gone(away, DELETED)
  }

  function report(results: readonly HealthReport[], time: number): void {
    models.change(() => {
      for (const given of results) {
        const node = picture.find(given.category, given.identity)
        if (node !== undefined) take(node, given, time)
      }
    })
  }

  function take(node: Node, given: HealthReport, time: number): void {
    const { test, label, summary, explanation, advice = '', suppressed = false } = given
    const before = node.reported?.get(test)
    if (summary === undefined && before === undefined) return
    const health = summary === undefined ? DISABLED : healthOf(summary)
    if (health === undefined) return
    const unchanged = before?.summary === health
    const result: Reported = {
      name: test,
      label,
      summary: health,
      explanation,
      advice,
      suppressed,
      at: time,
      since: unchanged ? before.since : time,
      isLast: summary === undefined,
      before: unchanged ? before.before : (before?.before ?? before?.summary ?? healthOf('NOT_AVAILABLE')),
    }
    node.reported ??= new Map()
    node.reported.set(test, result)
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

import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import { setTimeout as delay } from 'node:timers/promises'
import type { Registry } from 'prom-client'
import { connectionProblem } from './connection-problem.js'
import type { EntityDefinition, MetricDefinition, NativeBatch } from './native-batch.js'
import { encodeNativeBatch, NATIVE_BATCH_CONTENT_TYPE } from './native-batch.js'

/** Which process of ours the metrics are of. */
export interface SelfMetricsSource {
  registry: Registry
  /** `MONITOR`, `AGENT`, `ALERTPUBLISHER`: the role type; or `MANAGER`, which is no role: its entity is a `CMSERVER`. */
  roleType: string
  hostname: string
  /** The host's id where the process knows it: a rename of the host is then a rename of the role. */
  hostId?: string
}

export interface SelfMetrics {
  entity: EntityDefinition
  /** Each metric once. */
  samples: { metric: MetricDefinition; value: number }[]
}

/** Breakdowns of one metric by its labels, at most: one that is labelled by path or user must not breed metrics. */
const MAX_BREAKDOWNS = 16
const MAX_METRICS = 400
const MAX_NAME_LENGTH = 120

/**
 * A prom-client registry as samples of the process's own entity: the ROLE `mgmt-<ROLETYPE>-<hostname>`, of a manager the
 * `CMSERVER:<hostname>` of Cloudera Manager's high availability.
 *
 * Names are folded to tsquery identifiers: lower case, `_` for everything else. Labels become part of the name, because
 * one entity for each label set would be far more expensive: `http_requests_total{method="GET",code="200"}` gives
 * `http_requests_total_get_200`, for the first 16 label sets, and, for counters, sums and counts, `http_requests_total` is the
 * sum over all of them. Of a histogram `_sum` and `_count` are kept, of a summary also its quantiles (`_p99`).
 *
 * @example
 * const { entity, samples } = await selfMetrics({ registry, roleType: 'MONITOR', hostname: 'node1' })
 */
export async function selfMetrics({
  registry,
  roleType,
  hostname,
  hostId,
}: SelfMetricsSource): Promise<SelfMetrics> {
  const families = (await registry.getMetricsAsJSON()) as unknown as Family[]
  return { entity: ownEntity(roleType, hostname, hostId), samples: familySamples(families, MAX_METRICS) }
}

/** Families of the Prometheus model as metrics of one entity: each once, named as `selfMetrics` says, the first `most`. */
export function familySamples(families: Iterable<Family>, most: number): SelfMetrics['samples'] {
  const values = new Map<string, { metric: MetricDefinition; value: number }>()
  const put = (metric: MetricDefinition, value: number) => {
    if (Number.isFinite(value) && !values.has(metric.name) && values.size < most)
      values.set(metric.name, { metric, value })
  }
  for (const family of families) {
    for (const [name, sets] of byName(family)) {
      const additive = String(family.type) === 'counter' || /_(sum|count)$/.test(name)
      const define = (suffix: string): MetricDefinition => definitionOf(name, suffix, family.help, additive)
      const labelled = sets.filter(({ labels }) => Object.keys(labels).length > 0)
      if (additive || labelled.length < sets.length)
        put(
          define(''),
          (additive ? sets : sets.filter((set) => !labelled.includes(set))).reduce((n, s) => n + s.value, 0),
        )
      for (const { labels, value } of labelled.slice(0, MAX_BREAKDOWNS)) put(define(suffixOf(labels)), value)
    }
  }
  return [...values.values()]
}

export interface LabelSet {
  labels: Record<string, string | number>
  value: number
  metricName?: string
}

export interface Family {
  name: string
  help: string
  /** `counter`, `gauge`, `histogram`, `summary`. */
  type?: string
  values: LabelSet[]
}

function byName(family: Family): Map<string, LabelSet[]> {
  const names = new Map<string, LabelSet[]>()
  for (const set of family.values) {
    const name = set.metricName ?? family.name
    if (name.endsWith('_bucket') && 'le' in set.labels) continue
    const sets = names.get(name)
    if (sets) sets.push(set)
    else names.set(name, [set])
  }
  return names
}

function suffixOf(labels: Record<string, string | number>): string {
  return Object.entries(labels)
    .map(([label, value]) => (label === 'quantile' ? `p${Number(value) * 100}` : value))
    .map((value) => `_${value}`)
    .join('')
}

/** Folds a text to what tsquery takes as the name of a metric; the first character becomes a letter. */
export function foldMetricName(text: string): string {
  const folded = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, MAX_NAME_LENGTH)
    .replace(/_+$/, '')
  return /^[a-z]/.test(folded) ? folded : `m_${folded}`.replace(/_$/, '')
}

function definitionOf(name: string, suffix: string, help: string, isCounter: boolean): MetricDefinition {
  const isCount = name.endsWith('_count')
  const unit = isCount ? undefined : /_(bytes|seconds)(_total|_sum)?$/.exec(name)?.[1]
  return {
    name: foldMetricName(name + suffix),
    description: help.slice(0, 500),
    unitNumerators: unit ? [unit] : [],
    unitDenominators: [],
    isCounter,
  }
}

function ownEntity(roleType: string, hostname: string, hostId: string | undefined): EntityDefinition {
  if (roleType === 'MANAGER') {
    const name = `CMSERVER:${hostname}`
    return { category: 'CMSERVER', name, displayName: name, attributes: { hostname } }
  }
  const name = `mgmt-${roleType}-${hostname}`
  const attributes = {
    serviceType: 'MGMT',
    serviceName: 'mgmt',
    serviceDisplayName: 'Management Service',
    roleType,
    roleName: name,
    hostname,
  }
  const displayName = `${roleType} (${hostname})`
  if (hostId === undefined) return { category: 'ROLE', name, displayName, attributes }
  return {
    category: 'ROLE',
    name,
    identity: `mgmt-${roleType}-${hostId}`,
    displayName,
    attributes: { ...attributes, hostId },
  }
}

/** The registry as a batch of its own, every sample at `time` (milliseconds since the epoch). */
export async function selfMetricsBatch(source: SelfMetricsSource & { time: number }): Promise<NativeBatch> {
  const { entity, samples } = await selfMetrics(source)
  const indexes = Uint32Array.from(samples, (_, i) => i)
  return {
    sender: `${source.roleType.toLowerCase()} on ${source.hostname}`.slice(0, 200),
    metrics: samples.map(({ metric }) => metric),
    entities: [entity],
    seriesMetric: indexes,
    seriesEntity: new Uint32Array(samples.length),
    sampleSeries: indexes,
    sampleTime: new Float64Array(samples.length).fill(source.time),
    sampleValue: Float64Array.from(samples, ({ value }) => value),
  }
}

/** `fetch` cannot be given an authority to verify certificates by. */
function send(
  url: URL,
  options: https.RequestOptions,
  body: Uint8Array,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === 'https:' ? https : http
    const outgoing = request(url, options, (incoming) => {
      let text = ''
      incoming.setEncoding('utf8')
      incoming.on('data', (chunk: string) => {
        if (text.length < 1000) text += chunk
      })
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }))
      incoming.on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

export interface SelfMetricsOptions extends SelfMetricsSource {
  /** Base URL of the monitor, e.g. `http://127.0.0.1:7190`. */
  monitorUrl: string
  /** Sent as `Authorization: Bearer`. */
  token?: string | undefined
  /** File with the certificates, PEM, that verify the monitor's. Default: those of the system. */
  caFile?: string | undefined
  /** Default: 60 s. */
  intervalMs?: number
  /** Told of the first failure of a row and of the first success after it. */
  logger?: { warn(data: object, text: string): void; info(data: object, text: string): void }
}

/**
 * Posts the registry to `<monitorUrl>/ingest/native` every interval, on whole multiples of it. What cannot be sent is lost:
 * these are figures about ourselves, and the next ones come soon.
 */
export function startSelfMetrics(options: SelfMetricsOptions): { stop(): Promise<void> } {
  const { monitorUrl, intervalMs = 60_000, logger } = options
  const url = new URL('ingest/native', monitorUrl.endsWith('/') ? monitorUrl : `${monitorUrl}/`)
  const abort = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let posting: Promise<void> = Promise.resolve()
  let failing = false
  let wasReached = false
  const started = performance.now()

  const postOnce = async (time: number): Promise<unknown> => {
    try {
      const body = encodeNativeBatch(await selfMetricsBatch({ ...options, time }))
      const headers = {
        'content-type': NATIVE_BATCH_CONTENT_TYPE,
        'content-length': body.length,
        ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
      }
      const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(Math.max(5000, intervalMs / 2))])
      const ca = options.caFile ? { ca: readFileSync(options.caFile) } : {}
      const { status, text } = await send(url, { method: 'POST', headers, signal, ...ca }, body)
      if (status >= 300) throw new Error(`HTTP ${status}: ${text.slice(0, 200)}`)
      if (failing) logger?.info({}, 'The monitor takes the metrics of this process again')
      failing = false
      wasReached = true
      return undefined
    } catch (error) {
      return error
    }
  }
  const post = async () => {
    const time = Math.round(Date.now() / intervalMs) * intervalMs
    let error = await postOnce(time)
    // One that has never answered is perhaps just starting, beside this process.
    if (error === undefined || (!wasReached && performance.now() - started < intervalMs)) return
    if (!failing) {
      // It may be back in a moment; or everything on this host is being stopped, and it was before this process.
      await delay(intervalMs / 4, undefined, { signal: abort.signal, ref: false }).catch(() => undefined)
      if (abort.signal.aborted) return
      error = await postOnce(time)
      if (error === undefined || abort.signal.aborted) return
      logger?.warn(
        { reason: connectionProblem(error, { url, caOption: '--tls-ca' }) },
        'The monitor does not take the metrics of this process',
      )
    }
    failing = true
  }
  const schedule = () => {
    if (abort.signal.aborted) return
    const now = Date.now()
    timer = setTimeout(
      () => {
        posting = post().then(schedule)
      },
      Math.ceil((now + intervalMs / 4) / intervalMs) * intervalMs - now,
    )
    timer.unref()
  }
  schedule()
  return {
    async stop() {
      abort.abort()
      clearTimeout(timer)
      await posting
    },
  }
}

/** What a run does: which data sets, which systems load which protocol, which queries. */
import type { Options } from './options.js'
import type { QueryRequest } from './queries/answers.js'
import { tsqueryRequest } from './queries/tsquery.js'
import type { AgentsPlan } from './run-agents.js'
import type { ManagerPlan } from './run-manager.js'
import { ENGINE_ALONE } from './systems/index.js'
import type { Protocol } from './tsbs/data-set.js'
import { QUERY_TYPES, type QueryType } from './tsbs/queries.js'
import { FEWER_SAMPLES_PER_REQUEST, SAMPLES_PER_REQUEST } from './tsbs/remote-write.js'
import type { DataParameters } from './tsbs/simulation.js'

export interface Plan {
  name: string
  parameters: DataParameters
  /** A system that does not speak the protocol gets the same samples in its own. */
  loads: {
    protocol: Protocol
    systems: string[]
    /** Those of the systems that are loaded in the first round only and asked nothing: they take many times as long. */
    once: string[]
    rounds: number
    samplesPerRequest?: number
  }[]
  /** Asked after the line-protocol load. */
  queries: QueryType[]
}

const INTERVAL_SECONDS = 10
const HOUR = 3600 / INTERVAL_SECONDS

export const SMALL_SENDERS = '200 senders, each 100 samples a second'
export const ONE_MILLION = '1 M samples/s'
export const NEW_SERIES = '1 M new series in a minute'
export const AGENTS = '1,000 hosts, 1 M series, a sample a minute each, rollups on'

export const BEATS = '1,000 agents with 20 roles each, a heartbeat every 15 s'

/** On many hosts and half an hour, these say all: the rest differs from the other data set in the window only. */
const FOR_MANY_HOSTS = QUERY_TYPES.filter(({ name }) =>
  [
    'single-groupby-1-1-1',
    'single-groupby-5-8-1',
    'double-groupby-1',
    'double-groupby-5',
    'double-groupby-all',
    'lastpoint',
    'high-cpu-all',
    'groupby-orderby-limit',
    'fleet-average',
  ].includes(name),
)

export interface SteadyPlan {
  name: string
  parameters: DataParameters
  linesPerBatch: number
  connections: number
  samplesPerSecond: number
  systems: string[]
  /** Asked five times a second meanwhile. */
  probe?: QueryRequest
}

export function makeAgentsPlan({ size }: Options): AgentsPlan {
  const minutes = { quick: 0.2, default: 3.5, full: 35 }[size]
  return {
    name: AGENTS,
    hosts: size === 'quick' ? 20 : 1000,
    minutes,
    warmUp: { quick: 0.1, default: 1.5, full: 5 }[size],
  }
}

export function makeManagerPlan({ size }: Options): ManagerPlan {
  return {
    name: BEATS,
    hosts: size === 'quick' ? 50 : 1000,
    seconds: { quick: 5, default: 15, full: 60 }[size],
  }
}

/** Loads at one rate: many small senders, and a large one for a minute. */
export function makeSteadyPlans(options: Options): SteadyPlan[] {
  const { size, seed, start, values } = options
  const plan = (
    name: string,
    hosts: number,
    epochs: number,
    rest: Pick<SteadyPlan, 'linesPerBatch' | 'connections' | 'samplesPerSecond'>,
  ): SteadyPlan => ({
    name,
    parameters: {
      seed,
      hosts,
      start: start ?? latestMidnight(epochs * INTERVAL_SECONDS * 1000),
      intervalSeconds: INTERVAL_SECONDS,
      epochs,
      values,
    },
    systems: (size === 'full' ? ['Bellwether', 'VictoriaMetrics'] : ['Bellwether']).filter((s) =>
      isWanted(s, options.systems),
    ),
    ...rest,
  })
  const seconds = size === 'quick' ? 5 : 60
  const newHosts = Math.round((100_000 * seconds) / 60)
  const fresh = plan(NEW_SERIES, newHosts, 1, {
    linesPerBatch: 10_000,
    connections: 2,
    samplesPerSecond: 1_000_000 / 60,
  })
  return [
    plan(SMALL_SENDERS, 2000, seconds, { linesPerBatch: 10, connections: 200, samplesPerSecond: 20_000 }),
    plan(ONE_MILLION, 4000, Math.round(25 * seconds), {
      linesPerBatch: 10_000,
      connections: 8,
      samplesPerSecond: 1_000_000,
    }),
    {
      ...fresh,
      systems: fresh.systems.filter((s) => s === 'Bellwether'),
      probe: probeOf(fresh.parameters.start),
    },
  ]
}

/** TSBS's single-groupby-1-8-1, of hosts that are among the first. */
function probeOf(start: number): QueryRequest {
  return tsqueryRequest(
    {
      metrics: ['cpu_usage_user'],
      hosts: Array.from({ length: 8 }, (_, i) => `host_${i}`),
      from: start / 1000 - 3600,
      to: start / 1000 + 3600,
      step: 60,
      fold: 'max',
      by: 'metric',
    },
    'columns',
  )
}

export function makePlans(options: Options): Plan[] {
  const { size, seed, start, values, rounds } = options
  const data = (hosts: number, epochs: number): DataParameters => ({
    seed,
    hosts,
    start: start ?? latestMidnight(epochs * INTERVAL_SECONDS * 1000),
    intervalSeconds: INTERVAL_SECONDS,
    epochs: Math.round(epochs),
    values,
  })
  const plan = (
    hosts: number,
    epochs: number,
    types: QueryType[],
    peers: string[],
    protocol: Protocol = 'line-protocol',
    samplesPerRequest?: number,
    once: string[] = [],
  ): Plan => ({
    name:
      `${hosts.toLocaleString('en')} hosts × ${duration(epochs * INTERVAL_SECONDS)}` +
      (samplesPerRequest ? `, ${samplesPerRequest.toLocaleString('en')} samples a request` : ''),
    parameters: data(hosts, epochs),
    loads: [
      {
        protocol,
        systems: ['Bellwether', ...peers, ...once].filter((s) => isWanted(s, options.systems)),
        once,
        rounds,
        ...(samplesPerRequest && { samplesPerRequest }),
      },
    ],
    queries: types.filter((type) => startsWithOne(type.name, options.types)),
  })
  if (options.scale)
    return [plan(options.scale, options.hours * HOUR, QUERY_TYPES, ['VictoriaMetrics', 'InfluxDB'])]
  const [few, many, remote] = {
    quick: [2 * HOUR, HOUR / 6, HOUR / 6],
    default: [12 * HOUR, HOUR / 2, HOUR / 6],
    full: [72 * HOUR, 3 * HOUR, HOUR / 2],
  }[size] as [number, number, number]
  const hosts = size === 'quick' ? [100, 1000] : [100, 4000]
  return [
    plan(hosts[0]!, few, QUERY_TYPES, ['VictoriaMetrics']),
    size === 'full'
      ? plan(hosts[1]!, many, FOR_MANY_HOSTS, ['VictoriaMetrics', 'InfluxDB'])
      : plan(hosts[1]!, many, FOR_MANY_HOSTS, ['VictoriaMetrics'], 'line-protocol', undefined, ['InfluxDB']),
    ...[SAMPLES_PER_REQUEST, FEWER_SAMPLES_PER_REQUEST].map((samples) =>
      plan(hosts[1]!, remote, [], ['Prometheus', 'VictoriaMetrics'], 'remote-write', samples),
    ),
    plan(hosts[1]!, many, [], [ENGINE_ALONE], 'native'),
  ]
}

/** The latest midnight, UTC, since which `milliseconds` have passed: TSBS's own 2016 is older than what a monitor accepts. */
function latestMidnight(milliseconds: number): number {
  const day = 24 * 3600 * 1000
  return Math.floor((Date.now() - milliseconds) / day) * day
}

function isWanted(system: string, wanted: string[] | undefined): boolean {
  if (system === ENGINE_ALONE) return isWanted('Bellwether', wanted)
  return wanted?.includes(system.toLowerCase()) ?? true
}

function startsWithOne(name: string, prefixes: string[] | undefined): boolean {
  return prefixes?.some((prefix) => name.startsWith(prefix)) ?? true
}

function duration(seconds: number): string {
  return seconds >= 3600 ? `${+(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 60)} min`
}

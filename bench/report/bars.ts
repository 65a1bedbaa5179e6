/** The bars: what Bellwether is to reach beside its peers, checked against what the run has found. */

import { AGENTS, BEATS, NEW_SERIES, SMALL_SENDERS } from '../plan.js'
import { COLUMNS, JSON_FORM } from '../queries/dialects.js'
import type { LoadResults, PlanningResults, QueryResults, Results } from '../results.js'
import type { AgentsMeasure } from '../run-agents.js'
import type { ExporterMeasure } from '../run-exporter.js'
import type { ManagerMeasure } from '../run-manager.js'
import type { SteadyMeasure } from '../run-steady.js'
import { median } from '../stats.js'
import { ENGINE_ALONE } from '../systems/index.js'

export interface Bar {
  bar: string
  /** The figure that the bar is about, in words. */
  found: string
  pass: boolean
}

/** Types that are to be three times as fast as VictoriaMetrics; every other type is never to be slower. */
const WIDE = /^(double-groupby|fleet-average|lastpoint)/
const SMALL = ['single-groupby-1-1-1', 'single-groupby-5-8-1']
const SMALL_MS = 4
const PLANNING_MS = 0.3

/** Checks every bar for which this run has both sides. */
export function checkBars({ loads, queries, planning, steady, agents, managers, exporter }: Results): Bar[] {
  const ours = steady.filter((m) => m.system === 'Bellwether')
  return [
    ...loads.flatMap(loadBars),
    ...queries.flatMap(queryBars),
    ...planning.map(planningBar),
    ...ours.flatMap(steadyBars),
    ...agents.map(agentsBar),
    ...managers.map(managerBar),
    ...(exporter ? [exporterBar(exporter)] : []),
  ]
}

function exporterBar({ pages, series, bytesPerSample, withCatalogue, rollups }: ExporterMeasure): Bar {
  return {
    bar: `${pages} pages of a real node-exporter, ${series} series: at most 1.3 bytes a sample after merges`,
    found: `${bytesPerSample.toFixed(2)} (${withCatalogue.toFixed(2)} with the catalogue of the first page; ${rollups.toFixed(2)} for rollups)`,
    pass: bytesPerSample <= 1.3,
  }
}

function agentsBar({ serverCores, peakBytes, refused }: AgentsMeasure): Bar {
  return {
    bar: `${AGENTS}: none refused, under 30 % of a core, under 1.2 GB`,
    found: `${(100 * serverCores).toFixed(1)} %, ${(peakBytes / 1e9).toFixed(2)} GB`,
    pass: refused === 0 && serverCores < 0.3 && peakBytes < 1.2e9,
  }
}

function managerBar({ managerCores, residentBytes, p99Latency, failures }: ManagerMeasure): Bar {
  return {
    bar: `${BEATS}: all answered, under 50 % of a core, under 500 MB, p99 under 100 ms`,
    found: `${(100 * managerCores).toFixed(1)} %, ${(residentBytes / 1e6).toFixed(0)} MB, ${p99Latency.toFixed(1)} ms`,
    pass: failures === 0 && managerCores < 0.5 && residentBytes < 500e6 && p99Latency < 100,
  }
}

function steadyBars(measure: SteadyMeasure): Bar[] {
  const { name, p99Latency, peakBytes, earlyBytes, lateBytes, samples, acknowledged, queries } = measure
  if (name === NEW_SERIES)
    return [
      {
        bar: `${name}: taken, queries under 100 ms (p99)`,
        found: `${queries?.p99.toFixed(0)} ms`,
        pass: acknowledged === samples && (queries?.p99 ?? Number.NaN) < 100,
      },
    ]
  if (name === SMALL_SENDERS)
    return [
      {
        bar: `${name}: all acknowledged, p99 under 500 ms`,
        found: `${p99Latency.toFixed(0)} ms`,
        pass: p99Latency < 500,
      },
    ]
  const growth = lateBytes / earlyBytes
  return [
    {
      bar: `${name}: monitor and engine at most 1.5 GB together, flat (less than a fifth more at the end)`,
      found: `${(peakBytes / 1e9).toFixed(2)} GB, ${growth.toFixed(2)} ×`,
      pass: peakBytes <= 1.5e9 && growth < 1.2,
    },
  ]
}

function loadBars(results: LoadResults): Bar[] {
  const bars: Bar[] = []
  const ours = rate(results, 'Bellwether')
  const against = (peer: string, times: number) => {
    const theirs = rate(results, peer)
    if (Number.isNaN(ours) || Number.isNaN(theirs)) return
    bars.push({
      bar: `${results.protocol}, ${results.plan}: at least ${times} × ${peer}'s samples/s`,
      found: `${(ours / theirs).toFixed(2)} ×`,
      pass: ours / theirs >= times,
    })
  }
  if (results.protocol === 'line-protocol') {
    against('VictoriaMetrics', 1)
    if (/^[45],000 hosts/.test(results.plan)) against('VictoriaMetrics', 2)
  } else if (results.protocol === 'remote-write') against('Prometheus', 2)
  else if (results.protocol === 'native') against(ENGINE_ALONE, 0.6)
  const bytes = median(results.measures.filter((m) => m.system === 'Bellwether').map((m) => m.bytesPerSample))
  if (results.protocol === 'line-protocol' && !Number.isNaN(bytes))
    bars.push({
      bar: `${results.plan}: at most 1.0 byte a sample after merges`,
      found: bytes.toFixed(2),
      pass: bytes <= 1,
    })
  return bars
}

export function rate(results: LoadResults, system: string): number {
  return median(results.measures.filter((m) => m.system === system).map((m) => m.samplesPerSecond))
}

function planningBar({ plan, milliseconds }: PlanningResults): Bar {
  const found = median(milliseconds)
  return {
    bar: `${plan}: parsing, checking and planning of a typical query under ${PLANNING_MS} ms`,
    found: `${found.toFixed(3)} ms`,
    pass: found < PLANNING_MS,
  }
}

function queryBars(results: QueryResults): Bar[] {
  const time = (dialect: string) =>
    median(results.measures.find((m) => m.dialect === dialect)?.latencies ?? [])
  const [columns, json, theirs] = [time(COLUMNS), time(JSON_FORM), time('VictoriaMetrics')]
  const name = `${results.type.name}, ${results.plan}`
  const bars: Bar[] = []
  const add = (bar: string, ratio: number, times: number) => {
    if (!Number.isNaN(ratio)) bars.push({ bar, found: `${ratio.toFixed(2)} ×`, pass: ratio >= times })
  }
  const speed = theirs / columns
  if (results.type.name.startsWith('double-groupby'))
    add(`${name}: half of VictoriaMetrics' time, in columns`, speed, 2)
  if (WIDE.test(results.type.name)) {
    add(`${name}: 3 times as fast as VictoriaMetrics, in columns`, speed, 3)
    add(`${name}: VictoriaMetrics' time, in Cloudera's JSON`, theirs / json, 1)
  } else add(`${name}: not slower than VictoriaMetrics, in columns`, speed, 1)
  if (SMALL.includes(results.type.name) && !Number.isNaN(columns))
    bars.push({
      bar: `${name}: at most ${SMALL_MS} ms, in columns`,
      found: `${columns.toFixed(2)} ms`,
      pass: columns <= SMALL_MS,
    })
  return bars
}

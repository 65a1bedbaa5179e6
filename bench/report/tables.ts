/** The results as Markdown. */

import type { QueryMeasure } from '../queries/measure.js'
import type { LoadResults, QueryResults, Results } from '../results.js'
import type { AgentsMeasure } from '../run-agents.js'
import type { LoadMeasure } from '../run-load.js'
import type { ManagerMeasure } from '../run-manager.js'
import type { SteadyMeasure } from '../run-steady.js'
import { median, percentile } from '../stats.js'
import { checkBars, rate } from './bars.js'
import { isBusy } from './machine.js'
import { METHOD } from './method.js'

export function render(results: Results): string {
  const { machine } = results
  const peers = results.systems.map((s) => `${s.name} ${s.missing ? `not run (${s.missing})` : s.version}`)
  const sections = [
    `Run on ${results.date.slice(0, 10)}: \`${results.command}\``,
    [
      `- Machine: ${machine.cpu}, ${machine.cores} cores, ${(machine.memoryBytes / 2 ** 30).toFixed(0)} GiB,`,
      `  Linux ${machine.kernel}, Node ${machine.node}; load average at the start ${machine.loadAverage.toFixed(2)}`,
      ...(isBusy(machine)
        ? ['  **(the machine was busy with other work: ratios hold better than absolute figures)**']
        : []),
      `- Systems: ${peers.join('; ')}`,
    ].join('\n'),
    ...(results.loads.length > 0 ? ['### Load', ...results.loads.map(loadTable)] : []),
    ...(results.queries.length > 0 ? ['### Queries', ...queryTables(results.queries)] : []),
    ...(results.steady.length > 0 ? ['### Steady load', steadyTable(results.steady)] : []),
    ...(results.agents.length > 0 ? ['### Many agents', agentsTable(results.agents)] : []),
    ...(results.managers.length > 0 ? ['### Heartbeats', managersTable(results.managers)] : []),
    '### Bars',
    barTable(results),
    '### Method',
    METHOD,
  ]
  return sections.join('\n\n')
}

function loadTable(results: LoadResults): string {
  const { plan, protocol, samples, start, bytes, sha256, ceiling, measures } = results
  const systems = [...new Set(measures.map((m) => m.system))]
  const ours = rate(results, 'Bellwether')
  const rows = systems.map((system) => {
    const of = (value: (m: LoadMeasure) => number) =>
      median(measures.filter((m) => m.system === system).map(value))
    const rates = measures.filter((m) => m.system === system).map((m) => m.samplesPerSecond)
    return [
      system,
      count(median(rates)),
      `${count(Math.min(...rates))} – ${count(Math.max(...rates))}`,
      system === 'Bellwether' ? '' : `${(ours / median(rates)).toFixed(2)} ×`,
      of((m) => m.serverCpuSeconds).toFixed(2),
      count(of((m) => m.samplesPerCpuSecond)),
      of((m) => m.settledCpuSeconds).toFixed(2),
      `${(of((m) => m.peakBytes) / 1e6).toFixed(0)} MB`,
      of((m) => m.bytesPerSample).toFixed(2),
      `${of((m) => m.medianLatency).toFixed(0)} / ${of((m) => m.p99Latency).toFixed(0)} ms`,
      of((m) => m.clientCpuSeconds).toFixed(2),
      String(of((m) => m.postponed)),
      of((m) => m.otherCores).toFixed(2),
    ]
  })
  const head =
    `**${protocol}, ${plan}**: ${count(samples)} samples, ${(bytes / 1e6).toFixed(0)} MB, from ${start}, SHA-256 \`${sha256}\`. ` +
    `The load generator alone, against a server that forgets: ${count(ceiling)} samples/s.`
  return `${head}\n\n${table(
    [
      'system',
      'samples/s (median)',
      'min – max',
      'Bellwether is',
      'server CPU s',
      'samples per CPU s',
      'CPU s with flush and merge',
      'peak memory',
      'bytes a sample',
      'acknowledged after (median / p99)',
      'client CPU s',
      '503s',
      'cores busy with other work',
    ],
    rows,
  )}`
}

function steadyTable(measures: SteadyMeasure[]): string {
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
  return table(
    [
      'load',
      'system',
      'offered, samples/s',
      'acknowledged',
      'after (median / p99)',
      '503s',
      'cores',
      'memory early / late / peak',
      'queries meanwhile (median / p99)',
    ],
    measures.map((m) => [
      `${m.name}, ${m.seconds.toFixed(0)} s`,
      m.system,
      count(m.offeredPerSecond),
      `${((100 * m.acknowledged) / m.samples).toFixed(2)} % of ${count(m.samples)}`,
      `${m.medianLatency.toFixed(0)} / ${m.p99Latency.toFixed(0)} ms`,
      String(m.postponed),
      m.serverCores.toFixed(2),
      `${mb(m.earlyBytes)} / ${mb(m.lateBytes)} / ${mb(m.peakBytes)}`,
      m.queries ? `${m.queries.median.toFixed(0)} / ${m.queries.p99.toFixed(0)} ms` : '',
    ]),
  )
}

function agentsTable(measures: AgentsMeasure[]): string {
  return table(
    [
      'load',
      'measured',
      'acknowledged, with the warm-up',
      'refused',
      'after (median / p99)',
      'of a core',
      'memory, peak',
    ],
    measures.map((m) => [
      m.name,
      `${m.minutes.toFixed(1)} min`,
      count(m.acknowledged),
      count(m.refused),
      `${m.medianLatency.toFixed(0)} / ${m.p99Latency.toFixed(0)} ms`,
      `${(100 * m.serverCores).toFixed(1)} %`,
      `${(m.peakBytes / 1e6).toFixed(0)} MB`,
    ]),
  )
}

function managersTable(measures: ManagerMeasure[]): string {
  return table(
    [
      'load',
      'measured',
      'beats',
      'failed',
      'answered (median / p99)',
      'of a core',
      'its PostgreSQL',
      'memory',
    ],
    measures.map((m) => [
      m.name,
      `${m.seconds} s`,
      count(m.beats),
      count(m.failures),
      `${m.medianLatency.toFixed(1)} / ${m.p99Latency.toFixed(1)} ms`,
      `${(100 * m.managerCores).toFixed(1)} %`,
      `${(100 * m.databaseCores).toFixed(1)} %`,
      `${(m.residentBytes / 1e6).toFixed(0)} MB`,
    ]),
  )
}

function queryTables(queries: QueryResults[]): string[] {
  const plans = [...new Set(queries.map((q) => q.plan))]
  return plans.map((plan) =>
    queryTable(
      plan,
      queries.filter((q) => q.plan === plan),
    ),
  )
}

function queryTable(plan: string, queries: QueryResults[]): string {
  const dialects = [...new Set(queries.flatMap((q) => q.measures.map((m) => m.dialect)))]
  const rows = queries.map(({ type, measures, compared }) => {
    const find = (dialect: string) => measures.find((m) => m.dialect === dialect)
    const theirs = median(find('VictoriaMetrics')?.latencies ?? [])
    return [
      type.name,
      `${span(type.windowSeconds)}${type.step ? ` by ${span(type.step)}` : ''}`,
      ...dialects.flatMap((dialect) => {
        const measure = find(dialect)
        if (!measure || measure.refused)
          return ['not answered', ...(dialect === 'VictoriaMetrics' ? [] : [''])]
        const { latencies } = measure
        const ms = [Math.min(...latencies), median(latencies), percentile(latencies, 0.95)]
        const ratio = theirs / median(latencies)
        return [
          `${short(ms[0]!)} / **${short(ms[1]!)}** / ${short(ms[2]!)}`,
          ...(dialect === 'VictoriaMetrics' ? [] : [Number.isNaN(ratio) ? '' : `${ratio.toFixed(2)} ×`]),
        ]
      }),
      dialects.map((dialect) => cpuOf(find(dialect))).join(' / '),
      dialects.map((dialect) => kilobytes(find(dialect)?.bytes ?? 0)).join(' / '),
      compared?.text ?? 'not compared',
    ]
  })
  const runs = queries.flatMap((q) => q.measures.flatMap((m) => (m.refused ? [] : [m.latencies.length])))
  const refused = queries.flatMap((q) =>
    q.measures.filter((m) => m.refused).map((m) => `- ${q.type.name}, ${m.dialect}: ${m.refused}`),
  )
  const titles = dialects.flatMap((dialect) =>
    dialect === 'VictoriaMetrics' ? [`${dialect}, ms`] : [`${dialect}, ms`, 'times as fast'],
  )
  const body = table(['type', 'window', ...titles, 'CPU ms a query', 'answer, kB', 'answers'], rows)
  const notes = refused.length > 0 ? `\n\nNot answered:\n\n${[...new Set(refused)].join('\n')}` : ''
  return `**${plan}**: ${Math.min(...runs)} to ${Math.max(...runs)} queries of each type; min / **median** / p95.\n\n${body}${notes}`
}

/** Milliseconds: the smallest types differ in hundredths. */
const short = (ms: number) => ms.toFixed(ms < 10 ? 2 : 1)

function cpuOf(measure: QueryMeasure | undefined): string {
  if (!measure || measure.refused) return '–'
  return ((measure.cpuSeconds * 1000) / measure.latencies.length).toFixed(1)
}

const kilobytes = (bytes: number) => (bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0)

function barTable(results: Results): string {
  const bars = checkBars(results)
  if (bars.length === 0) return 'None: this run has no peer to compare with.'
  return table(
    ['bar', 'found', ''],
    bars.map((b) => [b.bar, b.found, b.pass ? 'pass' : '**miss**']),
  )
}

function table(titles: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n')
}

function count(n: number): string {
  return Math.round(n).toLocaleString('en')
}

function span(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`
}

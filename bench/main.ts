/** `npm run bench`: loads, asks, compares, and writes docs/benchmarks.md. See `--help`. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ExporterPages, readExporter } from './exporter-pages.js'
import { measureCeiling } from './load/ceiling.js'
import { HELP, type Options, readOptions } from './options.js'
import { makeAgentsPlan, makeManagerPlan, makePlans, makeSteadyPlans, type Plan } from './plan.js'
import { compareRounds } from './queries/compare.js'
import type { QueryMeasure } from './queries/measure.js'
import { checkBars } from './report/bars.js'
import { writeDocument } from './report/document.js'
import { describeMachine, isBusy } from './report/machine.js'
import { render } from './report/tables.js'
import type { LoadResults, QueryResults, Results } from './results.js'
import { measureAgents } from './run-agents.js'
import { measureExporter } from './run-exporter.js'
import { fill, type LoadMeasure, measureLoad } from './run-load.js'
import { measureManager } from './run-manager.js'
import { type QueryRound, runQueries } from './run-queries.js'
import { measureSteady } from './run-steady.js'
import { allSystems, ENGINE_ALONE, type System } from './systems/index.js'
import { killAll } from './systems/program.js'
import { type DataSet, type Protocol, prepareDataSet } from './tsbs/data-set.js'
import { fitType } from './tsbs/queries.js'

/** Leaves nothing running and nothing on disk, however the run ends. */
let cleanUp = killAll

const say = (text: string) => process.stderr.write(`${text}\n`)
const million = (n: number) => `${(n / 1e6).toFixed(2)} M`

async function main(options: Options): Promise<void> {
  const machine = describeMachine()
  if (isBusy(machine)) say(`The machine is busy (load average ${machine.loadAverage.toFixed(2)}).`)
  const systems = allSystems(options.profile)
  for (const { name, missing } of systems)
    if (missing && name !== ENGINE_ALONE) say(`${name} is not run: ${missing}`)
  // Where the figures are written does not change them.
  const args = process.argv.slice(2)
  const shown = args.filter((arg, i) => ![arg, args[i - 1]].some((a) => a === '--json' || a === '--write'))
  const results: Results = {
    date: new Date().toISOString(),
    command: ['npm run bench', ...(shown.length > 0 ? ['--', ...shown] : [])].join(' '),
    machine,
    systems: systems
      .filter((s) => s.name !== ENGINE_ALONE)
      .map(({ name, version, missing }) => ({
        name,
        version,
        ...(missing ? { missing } : {}),
      })),
    loads: [],
    queries: [],
    planning: [],
    steady: [],
    agents: [],
    managers: [],
  }
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-bench-'))
  spreadOverDisk(folder)
  say(`Working in ${folder}`)
  cleanUp = () => {
    killAll()
    if (options.keep) say(`Kept ${folder}`)
    else rmSync(folder, { recursive: true, force: true })
    cleanUp = killAll
  }
  let exporter: ExporterPages | undefined
  try {
    // Its pages are read while everything else is measured.
    if (options.parts.exporter && ourselves(options, systems))
      exporter = await readExporter(EXPORTER_PAGES[options.size].most, join(folder, 'exporter.log'))
    for (const plan of makePlans(options)) {
      const available = systems.filter((s) => !s.missing)
      await runPlan(plan, options, available, join(folder, plan.name.replaceAll(/\W+/g, '-')), results)
    }
    if (options.parts.steady) await runSteady(options, systems, folder, results)
    if (options.parts.manager) await runManager(options, results)
    if (options.parts.exporter) await runExporter(options, systems, exporter, folder, results)
  } finally {
    await exporter?.stop()
    cleanUp()
  }
  const text = render(results)
  console.log(text)
  if (options.write) writeDocument(options.write, text)
  if (options.json) writeFileSync(options.json, JSON.stringify(results, undefined, 2))
  const bars = checkBars(results)
  say(`${bars.filter((b) => b.pass).length} of ${bars.length} bars are reached.`)
}

async function runPlan(plan: Plan, options: Options, systems: System[], folder: string, results: Results) {
  for (const { protocol, systems: names, once, rounds, samplesPerRequest } of plan.loads) {
    const taking = systems.filter((s) => names.includes(s.name))
    const answering = taking.filter((s) => !once.includes(s.name))
    const asked = plan.queries.length > 0 && options.parts.query && answering.length > 0
    if (taking.length === 0 || !(options.parts.load || asked)) continue
    const spoken = (system: System) => (system.protocols.includes(protocol) ? protocol : system.protocols[0]!)
    const dataSets = new Map<Protocol, DataSet>()
    for (const each of new Set([protocol, ...taking.map(spoken)]))
      dataSets.set(
        each,
        await prepareDataSet(each, plan.parameters, options.connections, {
          ...(samplesPerRequest && { samplesPerRequest }),
        }),
      )
    const dataSet = dataSets.get(protocol)!
    const dataFor = (system: System) => dataSets.get(spoken(system))!
    say(
      `${plan.name}, ${protocol}: ${million(dataSet.samples)} samples, SHA-256 ${dataSet.sha256.slice(0, 16)}`,
    )
    const at = (system: System) => `${folder}-${protocol}-${system.name}`
    if (options.parts.load)
      results.loads.push(
        await loadRounds(plan.name, dataSet, dataFor, taking, once, rounds, options.connections, at),
      )
    else for (const system of answering) await fill(system, dataFor(system), options.connections, at(system))
    if (asked) {
      const { queries, planning } = await queryRounds(plan, options, answering, at)
      results.queries.push(...queries)
      if (planning.length > 0) results.planning.push({ plan: plan.name, milliseconds: planning })
    }
  }
}

async function runSteady(options: Options, systems: System[], folder: string, results: Results) {
  for (const [n, plan] of makeSteadyPlans(options).entries()) {
    const { linesPerBatch } = plan
    const dataSet = await prepareDataSet('line-protocol', plan.parameters, 1, { linesPerBatch })
    for (const system of systems.filter((s) => !s.missing && plan.systems.includes(s.name))) {
      const at = join(folder, `steady-${n}-${system.name}`)
      const measure = await measureSteady(system, plan, dataSet, at)
      say(
        `${plan.name}, ${system.name}: p99 ${measure.p99Latency.toFixed(0)} ms, ${measure.serverCores.toFixed(2)} cores`,
      )
      results.steady.push(measure)
    }
  }
  const ours = systems.find((s) => s.name === 'Bellwether' && !s.missing)
  if (ours === undefined || !(options.systems?.includes('bellwether') ?? true)) return
  const plan = makeAgentsPlan(options)
  const measure = await measureAgents(ours, plan, join(folder, 'agents'), say)
  say(`${plan.name}: ${measure.serverCores.toFixed(2)} cores, ${(measure.peakBytes / 1e6).toFixed(0)} MB`)
  results.agents.push(measure)
}

async function runManager(options: Options, results: Results) {
  if (!(options.systems?.includes('bellwether') ?? true)) return
  const measure = await measureManager(makeManagerPlan(options))
  say(`${measure.name}: p99 ${measure.p99Latency.toFixed(1)} ms, ${measure.managerCores.toFixed(2)} cores`)
  results.managers.push(measure)
}

const ourselves = (options: Options, systems: System[]) =>
  (options.systems?.includes('bellwether') ?? true)
    ? systems.find((s) => s.name === 'Bellwether' && !s.missing)
    : undefined

const EXPORTER_PAGES = {
  quick: { least: 5, most: 5 },
  default: { least: 120, most: 1_200 },
  full: { least: 1_200, most: 2_400 },
}

async function runExporter(
  options: Options,
  systems: System[],
  exporter: ExporterPages | undefined,
  folder: string,
  results: Results,
) {
  const ours = ourselves(options, systems)
  if (ours === undefined) return
  if (exporter === undefined)
    return say('The exporter is not measured: apt-get install prometheus-node-exporter')
  const pages = await exporter.take(EXPORTER_PAGES[options.size].least)
  const measure = await measureExporter(ours, pages, join(folder, 'exporter'))
  say(`node-exporter: ${measure.bytesPerSample.toFixed(2)} bytes a sample`)
  results.exporter = measure
}

async function loadRounds(
  name: string,
  dataSet: DataSet,
  dataFor: (system: System) => DataSet,
  systems: System[],
  once: string[],
  rounds: number,
  connections: number,
  at: (system: System) => string,
): Promise<LoadResults> {
  const ceiling = await measureCeiling(dataSet, connections)
  const measures: LoadMeasure[] = []
  for (let round = 0; round < rounds; round++)
    for (const system of alternate(systems, round)) {
      if (round > 0 && once.includes(system.name)) continue
      // The folders of earlier rounds stay until the end: on ext4, removing them slows the making of files for seconds.
      if (round > 0) renameSync(at(system), `${at(system)}-${round}`)
      const measure = await measureLoad(system, dataFor(system), connections, at(system))
      say(
        `  ${system.name}: ${million(measure.samplesPerSecond)} samples/s, ${measure.serverCpuSeconds.toFixed(2)} CPU s, ` +
          `${measure.bytesPerSample.toFixed(2)} bytes a sample, p99 ${measure.p99Latency.toFixed(0)} ms`,
      )
      measures.push(measure)
    }
  const { protocol, samples, bytes, sha256, parameters } = dataSet
  const start = new Date(parameters.start).toISOString()
  return { plan: name, protocol, samples, start, bytes, sha256, ceiling, measures }
}

async function queryRounds(
  plan: Plan,
  options: Options,
  systems: System[],
  at: (system: System) => string,
): Promise<{ queries: QueryResults[]; planning: number[] }> {
  const types = plan.queries.map((type) => fitType(type, plan.parameters))
  const rounds: QueryRound[] = []
  const part = (n: number) => Math.ceil(n / options.rounds)
  const least = part(options.runs)
  const most = options.size === 'quick' ? least : Math.max(least, part(MOST_RUNS))
  const runs = { least, most, milliseconds: part(RUNS_MS) }
  for (let round = 0; round < options.rounds; round++) {
    const asked = alternate(systems, round).map((system) => ({ system, folder: at(system) }))
    const seed = options.seed + 1 + round
    const data = plan.parameters
    rounds.push(...(await runQueries(asked, { types, data, seed, runs, compare: round === 0 })))
    say(`  asked, round ${round + 1} of ${options.rounds}`)
  }
  const queries = types.map((type) => {
    const measures = new Map<string, QueryMeasure>()
    for (const measure of rounds.flatMap((r) => r.measures).filter((m) => m.type === type.name)) {
      const known = measures.get(measure.dialect)
      if (known) {
        known.latencies.push(...measure.latencies)
        known.cpuSeconds += measure.cpuSeconds
      } else measures.set(measure.dialect, measure)
    }
    const compared = compareRounds(type.name, rounds)
    return { plan: plan.name, type, measures: [...measures.values()], ...(compared ? { compared } : {}) }
  })
  return { queries, planning: rounds.flatMap((r) => r.planning) }
}

/**
 * Puts what is made in the folder into parts of an ext4 disk of its own: without a journal, ext4 passes over every inode that was
 * freed nearby in the last minute, so that files which others (or the run before) removed would make each new one dear.
 * Other file systems refuse, and do not need it.
 */
function spreadOverDisk(folder: string): void {
  spawnSync('chattr', ['+T', folder], { stdio: 'ignore' })
}

/** Small queries are asked as often as this, or for as long, in all rounds together: a median of 30 is not steady. */
const MOST_RUNS = 1_000
const RUNS_MS = 2_000

const alternate = <T>(systems: T[], round: number) => (round % 2 ? [...systems].reverse() : systems)

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))
process.on('exit', () => cleanUp())

try {
  const options = readOptions(process.argv.slice(2))
  if (options) await main(options)
  else console.log(HELP)
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exitCode = 1
}

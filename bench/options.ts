/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util'

export const HELP = `npm run bench -- [options]

Loads TSBS-shaped data through the real HTTP path of Bellwether and of the peers that are installed (one server at a
time, alternating), then asks TSBS's queries. Without options the tables in docs/benchmarks.md are written.

  --quick              a small run, to see that everything works (under a minute)
  --full               larger data and more repetitions
  --only load|query|exporter|steady|manager   one part (query loads once, without measuring; exporter is the size of what a real
                       node-exporter says; steady is minutes of load at one rate, and of many agents; a run of --scale
                       or --quick leaves them out; manager is heartbeats of agents)
  --systems a,b        bellwether, victoriametrics, prometheus, influxdb
  --types a,b          query types that begin with one of these, e.g. double-groupby,lastpoint
  --scale N            hosts: one data set of your own in place of the usual ones
  --hours H            its length (default 1)
  --floats             15-digit values in place of TSBS's whole numbers
  --seed N             of data and windows (default 123)
  --start DATE         first timestamp, ISO 8601 (default: the latest midnight, UTC, after which the data fits)
  --rounds N           alternations (default 3)
  --runs N             queries of each type and form, in all rounds together, at least (default 30); of what takes little,
                       up to 1,000 in 2 s
  --connections N      that send batches (default 2)
  --profile FOLDER     write CPU profiles of the monitor there
  --write FILE         write the tables into this file, between its markers
  --no-write           print only
  --json FILE          every figure, for programs
  --keep               keep the data folders and logs
  --help

Peers are looked for in PATH, or by VICTORIA_METRICS_BIN, PROMETHEUS_BIN, INFLUXD_BIN.`

export interface Options {
  size: 'quick' | 'default' | 'full'
  parts: { load: boolean; query: boolean; exporter: boolean; steady: boolean; manager: boolean }
  systems: string[] | undefined
  types: string[] | undefined
  scale: number | undefined
  hours: number
  values: 'integers' | 'floats'
  seed: number
  start: number | undefined
  rounds: number
  runs: number
  connections: number
  profile: string | undefined
  /** The document to write the tables into; undefined: none. */
  write: string | undefined
  json: string | undefined
  keep: boolean
}

/** Reads the arguments; undefined when help was asked for. Throws with a readable message on what it does not know. */
export function readOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      only: { type: 'string' },
      systems: { type: 'string' },
      types: { type: 'string' },
      scale: { type: 'string' },
      hours: { type: 'string', default: '1' },
      floats: { type: 'boolean', default: false },
      seed: { type: 'string', default: '123' },
      start: { type: 'string' },
      rounds: { type: 'string' },
      runs: { type: 'string' },
      connections: { type: 'string', default: '2' },
      profile: { type: 'string' },
      write: { type: 'string' },
      'no-write': { type: 'boolean', default: false },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  if (values.only !== undefined && !['load', 'query', 'exporter', 'steady', 'manager'].includes(values.only))
    throw new Error(`--only ${values.only}: one of load, query, exporter, steady, manager`)
  const size = values.quick ? 'quick' : values.full ? 'full' : 'default'
  const start = values.start === undefined ? undefined : Date.parse(values.start)
  if (Number.isNaN(start)) throw new Error(`--start ${values.start}: not a date`)
  const long = size !== 'quick' && values.scale === undefined
  const whole = args.every((a) => ['--full', '--keep'].includes(a))
  return {
    size,
    parts: {
      load: values.only === undefined || values.only === 'load',
      query: values.only === undefined || values.only === 'query',
      exporter: values.only === 'exporter' || (values.only === undefined && long),
      steady: values.only === 'steady' || (values.only === undefined && long),
      manager: values.only === 'manager' || (values.only === undefined && long),
    },
    systems: values.systems?.split(','),
    types: values.types?.split(','),
    scale: values.scale === undefined ? undefined : number('--scale', values.scale),
    hours: number('--hours', values.hours),
    values: values.floats ? 'floats' : 'integers',
    seed: number('--seed', values.seed),
    start,
    rounds: number('--rounds', values.rounds ?? (size === 'quick' ? '1' : '3')),
    runs: number('--runs', values.runs ?? { quick: '5', default: '30', full: '300' }[size]),
    connections: number('--connections', values.connections),
    profile: values.profile,
    write: values['no-write'] ? undefined : (values.write ?? (whole ? 'docs/benchmarks.md' : undefined)),
    json: values.json,
    keep: values.keep,
  }
}

function number(name: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new Error(`${name} ${text}: not a number above 0`)
  return value
}

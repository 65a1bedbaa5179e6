// The import rules of docs/architecture.md. `npm run check` fails on any breach.
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|web|bench|test)/', pathNot: allowed },
})

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependencies-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
    only('wire-imports-nothing-of-ours', '^src/wire/', ['^src/wire/']),
    only('config-imports-nothing-of-ours', '^src/config/', ['^src/config/']),
    only('engine', '^src/engine/', ['^src/(engine|wire|config)/']),
    only('metrics', '^src/metrics/', ['^src/(metrics|wire|config)/', '^src/engine/index[.]ts$']),
    only('ingest', '^src/ingest/', ['^src/(ingest|wire|config)/', '^src/(engine|metrics)/index[.]ts$']),
    only('query', '^src/query/', ['^src/(query|wire|config)/', '^src/(engine|metrics)/index[.]ts$']),
    only('health', '^src/health/', ['^src/(health|wire|config)/', '^src/(engine|metrics|query)/index[.]ts$']),
    only('manager', '^src/manager/', ['^src/(manager|wire|config)/']),
    // The patterns of log rules come from outside, and are matched by the same bounded engine as those of queries.
    only('agent', '^src/agent/', ['^src/(agent|wire|config)/', '^src/query/regex/index[.]ts$']),
    only('alerts', '^src/alerts/', ['^src/(alerts|wire|config)/']),
    only('cli-through-indexes', '^src/cli/', [
      '^src/(cli|wire|config)/',
      '^src/(engine|metrics|ingest|query|health|manager|agent|alerts)/index[.]ts$',
    ]),
    // web/ is held to src/wire by Biome's noRestrictedImports: the swc parser here does not read .tsx
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js'],
    },
  },
}

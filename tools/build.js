// Transpiles every TypeScript file of src one to one (no bundle: stack traces, workers and child entry points keep their
// paths), and bundles the benchmarks.
import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

async function sources(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name))
}

async function transpile(folder, outdir) {
  const files = await sources(folder)
  // dist/web is Vite's.
  for (const name of await readdir(outdir).catch(() => []))
    if (name !== 'web') await rm(join(outdir, name), { recursive: true, force: true })
  await build({
    entryPoints: files.filter((f) => f.endsWith('.ts') && !f.endsWith('.d.ts')),
    outdir,
    outbase: folder,
    bundle: false,
    format: 'esm',
    target: 'node20',
    platform: 'node',
    sourcemap: true,
    logLevel: 'warning',
  })
  for (const file of files.filter((f) => !f.endsWith('.ts')))
    await cp(file, join(outdir, file.slice(folder.length + 1)))
}

/** Programs of a folder, each with what it imports from our own sources in one file; packages stay imports. */
async function bundle(programs, outdir) {
  // dist/web is Vite's.
  for (const name of await readdir(outdir).catch(() => []))
    if (name !== 'web') await rm(join(outdir, name), { recursive: true, force: true })
  await build({
    entryPoints: programs,
    outdir,
    bundle: true,
    packages: 'external',
    format: 'esm',
    target: 'node20',
    platform: 'node',
    sourcemap: true,
    logLevel: 'warning',
  })
}

await transpile('src', 'dist')
await bundle(['bench/main.ts', 'bench/null-sink.ts'], 'dist-bench')

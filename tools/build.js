// Transpiles every TypeScript file one to one (no bundle: stack traces, workers and child entry points keep their paths).
import { cp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'

async function sources(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((e) => e.isFile()).map((e) => join(e.parentPath, e.name))
}

async function transpile(folder, outdir) {
  const files = await sources(folder)
  await rm(outdir, { recursive: true, force: true })
  await build({
    entryPoints: files.filter((f) => f.endsWith('.ts')),
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

await transpile('src', 'dist')

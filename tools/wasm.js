// Makes WebAssembly of src: from each `name.wat` a `name.wasm.ts` that holds the module as text, so that the program needs
// neither a compiler nor a file beside it. Run it after a change of a .wat; a test compares the two.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import binaryen from 'binaryen'

/** The content of `name.wasm.ts` for the text of `name.wat`. Functions are put in where they are called: Node.js 20 does not do that. */
export function assemble(name, text) {
  const module = binaryen.parseText(text)
  try {
    module.setFeatures(binaryen.Features.SIMD128)
    binaryen.setOptimizeLevel(3)
    binaryen.setShrinkLevel(0)
    binaryen.setAlwaysInlineMaxSize(200)
    module.optimize()
    if (!module.validate()) throw new Error(`${name} is not valid`)
    const base64 = Buffer.from(module.emitBinary()).toString('base64')
    const lines = base64.match(/.{1,100}/g).map((line) => `  '${line}'`)
    return `/** Made from ${name} by tools/wasm.js: do not edit. */\nexport const WASM =\n${lines.join(' +\n')}\n`
  } finally {
    module.dispose()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const file of await readdir('src', { recursive: true }))
    if (file.endsWith('.wat')) {
      const path = join('src', file)
      const name = path.split('/').at(-1)
      await writeFile(path.replace(/\.wat$/, '.wasm.ts'), assemble(name, await readFile(path, 'utf8')))
    }

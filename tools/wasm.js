// Makes WebAssembly of src: from each `name.wat` a `name.wasm.ts` that holds the module as text, so that the program needs
// neither a compiler nor a file beside it. Run it after a change of a .wat; a test compares the two.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import binaryen from 'binaryen'

/**
 * The module that the text describes, in base64. Functions are put in where they are called: Node.js 20 does not do that.
 * @param {string} text
 * @returns {string}
 */
export function assemble(text) {
  const module = binaryen.parseText(text)
  try {
    module.setFeatures(binaryen.Features.SIMD128)
    binaryen.setOptimizeLevel(3)
    binaryen.setShrinkLevel(0)
    binaryen.setAlwaysInlineMaxSize(200)
    module.optimize()
    if (!module.validate()) throw new Error('the module is not valid')
    return Buffer.from(module.emitBinary()).toString('base64')
  } finally {
    module.dispose()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const file of await readdir('src', { recursive: true }))
    if (file.endsWith('.wat')) {
      const path = join('src', file)
      const name = path.split('/').at(-1)
      const lines = assemble(await readFile(path, 'utf8'))
        .match(/.{1,100}/g)
        .map((line) => `  '${line}'`)
      const content = `/** Made from ${name} by tools/wasm.js: do not edit. */\nexport const WASM =\n${lines.join(' +\n')}\n`
      await writeFile(path.replace(/\.wat$/, '.wasm.ts'), content)
    }

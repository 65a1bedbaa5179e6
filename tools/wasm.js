// Makes WebAssembly of src: from each `name.wat` a `name.wasm.ts` that holds the module as text, so that the program needs
// neither a compiler nor a file beside it. Run it after a change of a .wat, with the compiler, which is too large (100 MB) to be
// installed by everybody: `npm i --no-save binaryen@132.0.0 && node tools/wasm.js`. A test sees what was not made anew.
import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const { default: binaryen } = await import('binaryen').catch(() => {
  console.error('tools/wasm.js: the compiler is not installed: npm i --no-save binaryen@132.0.0')
  process.exit(1)
})

/**
 * The module that the text describes, in base64. Functions are put in where they are called: Node.js 20 does not do that.
 * @param {string} text
 * @returns {string}
 */
function assemble(text) {
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

for (const file of await readdir('src', { recursive: true }))
  if (file.endsWith('.wat')) {
    const path = join('src', file)
    const name = path.split('/').at(-1)
    const text = await readFile(path, 'utf8')
    const lines = assemble(text)
      .match(/.{1,100}/g)
      .map((line) => `  '${line}'`)
    const hash = createHash('sha256').update(text).digest('hex')
    const content = `/** Made from ${name} by tools/wasm.js: do not edit. */
export const SOURCE_SHA256 = '${hash}'

export const WASM =
${lines.join(' +\n')}
`
    await writeFile(path.replace(/\.wat$/, '.wasm.ts'), content)
  }

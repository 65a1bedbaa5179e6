import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** `npx vite build web` writes to dist/web, which the manager serves; every address in it is relative, so any prefix works. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: fileURLToPath(new URL('../dist/web', import.meta.url)),
    emptyOutDir: true,
    license: { fileName: 'THIRD-PARTY.md' },
    target: 'es2022',
    // The content security policy allows files of our own only, no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})

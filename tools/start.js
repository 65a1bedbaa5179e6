// What `npm start` runs: the command, or a word on what comes first.
import { existsSync } from 'node:fs'

const main = new URL('../dist/cli/main.js', import.meta.url)

if (existsSync(main)) await import(main.href)
else {
  console.error('Bellwether is not built yet: "npm ci" installs what it needs and builds it.')
  process.exitCode = 78
}

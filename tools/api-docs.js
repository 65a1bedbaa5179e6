// Writes the table of endpoints in docs/api.md anew, from the tables and handlers of src/manager/api. Needs a built dist/.
import { readFile, writeFile } from 'node:fs/promises'
import { replaceApiTable } from '../dist-modules/manager/api/documentation.js'

const path = new URL('../docs/api.md', import.meta.url)
await writeFile(path, replaceApiTable(await readFile(path, 'utf8')))

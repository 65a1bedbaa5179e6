// Writes the table of docs/settings.md anew, from the settings of src/config. Needs a built dist/.
import { readFile, writeFile } from 'node:fs/promises'
import { replaceSettings } from '../dist-modules/config/index.js'

const path = new URL('../docs/settings.md', import.meta.url)
await writeFile(path, replaceSettings(await readFile(path, 'utf8')))

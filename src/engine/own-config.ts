import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from './errors.js'

/** Folders beside `config.xml` whose files ClickHouse lays over it. */
const FOLDERS = ['config.d', 'conf.d']

/**
 * Refuses files of the operator that would end the server at once, without a word that explains it: with a `<compression>` of their own.
 * The library reads that element as a yes or no too, which ours is made to be (`server-config.ts`), and two of them are not.
 */
export async function checkOwnConfig(folder: string): Promise<void> {
  for (const name of FOLDERS)
    for (const file of await filesIn(join(folder, name))) {
      const text = await readFile(file, 'utf8').catch(() => '')
      if (setsCompression(file, text)) throw new EngineError('config-refused', { subject: file })
    }
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => /^[^.].*\.(xml|conf|ya?ml)$/.test(name))
    .sort()
    .map((name) => join(folder, name))
}

function setsCompression(file: string, text: string): boolean {
  if (/\.ya?ml$/.test(file)) return /^["']?compression["']?\s*:/m.test(text)
  let depth = 0
  const tags = text.replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[[\s\S]*?\]\]>/g, '')
  for (const [, end, name, attributes = ''] of tags.matchAll(/<(\/?)([\w.:-]+)([^>]*)>/g)) {
    // Within another element it is another setting; without ours it is as good.
    if (!end && depth === 1 && name === 'compression' && !/\sremove\s*=/.test(attributes)) return true
    if (end) depth--
    else if (!attributes.endsWith('/')) depth++
  }
  return false
}

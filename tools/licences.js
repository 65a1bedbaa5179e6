import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const PACKAGE = /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//

/** Writes the licences of the packages that bundled `files` are from, with their texts: most ask that these come along. */
export async function writeLicences(files, target) {
  const folders = [...new Set(files.flatMap((file) => PACKAGE.exec(file)?.[1] ?? []))]
  const entries = await Promise.all(folders.map(licenceOf))
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  const texts = entries.map(
    ({ name, version, licence, text }) => `${name} ${version} (${licence})\n\n${text}\n`,
  )
  await writeFile(
    target,
    `Packages of others in the files of this folder\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`,
  )
}

async function licenceOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  if (typeof license !== 'string') throw new Error(`${name}: package.json does not name its licence`)
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).sort()
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  return { name, version, licence: license, text: texts.map((text) => text.trim()).join('\n\n') }
}

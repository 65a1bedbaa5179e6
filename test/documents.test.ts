import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { expect, test } from 'vitest'
import { flagOf, type Option, optionsOfCommands, replaceSettings, variableOf } from '../src/config/index.js'

const ROOT = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const markdownIn = (folder: string) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => normalize(join(folder, name)))
const DOCUMENTS = ['.', 'docs', 'docs/decisions'].flatMap(markdownIn)

const withoutCode = (text: string) => text.replaceAll(/```.*?```/gs, '').replaceAll(/`[^`\n]*`/g, '')

/** The places in a document that a link can name: as forges make them from headings, or given. */
function anchorsOf(path: string): Set<string> {
  const text = read(path).replaceAll(/```.*?```/gs, '')
  const given = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)
  const headings = text.matchAll(/^#+ +(.*)$/gm)
  return new Set([
    ...given,
    ...[...headings].map(([, heading = '']) =>
      heading
        .trim()
        .toLowerCase()
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
        .replaceAll(' ', '-'),
    ),
  ])
}

function isDead(document: string, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? document : normalize(join(dirname(document), path))
  if (relative('.', target).startsWith('..') || !existsSync(join(ROOT, target))) return true
  return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor)
}

test.each(DOCUMENTS)('every link of %s leads somewhere', (document) => {
  const links = [...withoutCode(read(document)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const own = links.filter((link) => !/^[a-z]+:/.test(link))
  expect(own.filter((link) => isDead(document, link))).toEqual([])
})

test.each(DOCUMENTS)('every file of ours that %s names is there', (document) => {
  const named = read(document).matchAll(/(?<![\w/.-])(?:src|test|bench|tools|descriptors|web)\/[\w./-]*\w/g)
  const isThere = (path: string) =>
    ['', '.ts', '.tsx'].some((ending) => existsSync(join(ROOT, path + ending)))
  expect([...new Set([...named].map(([path]) => path))].filter((path) => !isThere(path))).toEqual([])
})

test('a dead link is seen', () => {
  expect(isDead('README.md', 'docs/nosuch.md')).toBe(true)
  expect(isDead('README.md', 'docs/operations.md#nosuch')).toBe(true)
  expect(isDead('docs/architecture.md', '../../elsewhere.md')).toBe(true)
})

test('the index of decisions has each of them, and README each document', () => {
  const index = read('docs/decisions/README.md')
  const decisions = markdownIn('docs/decisions').map((path) => path.slice('docs/decisions/'.length))
  expect(decisions.filter((name) => name !== 'README.md' && !index.includes(`(${name})`))).toEqual([])
  const readme = read('README.md')
  expect(markdownIn('docs').filter((path) => !readme.includes(`(${path}`))).toEqual([])
})

const foldersIn = (path: string): string[] =>
  readdirSync(join(ROOT, path), { withFileTypes: true })
    .filter((each) => each.isDirectory())
    .map(({ name }) => name)

test('the map names each folder, with what is in it, and none that is not there', () => {
  const map = read('docs/architecture.md').match(/^## Where everything is\n(.*?)^## /ms)?.[1] ?? ''
  const rows = [...map.matchAll(/^\| `([^`]+)\/` \| (.*) \|$/gm)]
  const parts = new Map(rows.map(([, path = '', text = '']) => [path, text]))
  const top = foldersIn('src').map((name) => `src/${name}`)
  expect(top.filter((path) => !parts.has(path))).toEqual([])
  expect([...parts.keys()].filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  const below = [...top, 'web/src'].flatMap((path) => foldersIn(path).map((name) => ({ path, name })))
  expect(below.length).toBeGreaterThan(50)
  expect(below.filter(({ path, name }) => !parts.get(path)?.includes(`\`${name}\``))).toEqual([])
})

test('every dependency has its reason, and none is told of that is not there', () => {
  const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json'))
  const used = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies })
  const rows = read('docs/dependencies.md').matchAll(/^\| (`[^|]+)\|/gm)
  const told = [...rows].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  )
  const covers = (name: string, each: string) =>
    name.endsWith('*') ? each.startsWith(name.slice(0, -1)) : name === each
  expect(used.filter((each) => !told.some((name) => covers(name, each)))).toEqual([])
  expect(told.filter((name) => !used.some((each) => covers(name, each)))).toEqual([])
})

const ROLES = Object.values(optionsOfCommands)

test('docs/settings.md has every setting as it is', () => {
  const text = read('docs/settings.md')
  expect(replaceSettings(text)).toBe(text)
  for (const options of ROLES)
    for (const { key, secret } of Object.values(options).filter((option: Option) => option.key !== 'help'))
      expect(text).toMatch(secret ? `\`${variableOf(key)}\`` : new RegExp(`\`${flagOf(key)}[ \`]`))
})

test('no document names a flag that is not there', () => {
  const flags = ROLES.flatMap((options) => Object.values(options).map(({ key }: Option) => flagOf(key)))
  // Of all commands; then those of curl, node, bench/ and test/.
  flags.push('--config')
  flags.push('--cacert', '--data-binary', '--data-urlencode', '--expose-gc', '--full', '--held', '--only')
  const told = ['README.md', 'CONTRIBUTING.md', ...markdownIn('docs')].flatMap((path) =>
    [...read(path).matchAll(/(?<![\w-])--[a-z][a-z-]*[a-z]/g)].map(([flag]) => `${path}: ${flag}`),
  )
  expect(told.length).toBeGreaterThan(100)
  expect(told.filter((each) => !flags.some((flag) => each.endsWith(` ${flag}`)))).toEqual([])
})

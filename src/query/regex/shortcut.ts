import { DOT, LINE_END } from './classes.js'
import type { Tree } from './tree.js'

/**
 * Most patterns that people write are a text with `.*` before it or behind it, or both, or a choice of texts. For a value of one
 * line that is a search, a comparison or a look-up. Undefined for every other pattern; the test is undefined for a value of several lines.
 */
export function shortcut(tree: Tree): ((value: string) => boolean | undefined) | undefined {
  const items = [...(tree.kind === 'sequence' ? tree.items : [tree])]
  if (isPlace(items[0], ['text-start'])) items.shift()
  if (isPlace(items.at(-1), ['text-end', 'last-line-end'])) items.pop()
  const [only] = items
  if (items.length === 1 && only !== undefined) {
    const options = only.kind === 'group' ? only.body : only
    if (options.kind === 'either') return oneOf(options.options)
  }
  const openStart = isAnything(items[0])
  if (openStart) items.shift()
  const openEnd = isAnything(items.at(-1))
  if (openEnd) items.pop()
  let text = ''
  for (const item of items) {
    if (item.kind !== 'set' || item.set.single === undefined) return undefined
    text += String.fromCharCode(item.set.single)
  }
  const found = search(text, openStart, openEnd)
  return (value) => (LINE_END.test(value) ? undefined : found(value))
}

/** Beyond ASCII a letter has other forms than its upper and lower case. */
const BEYOND_ASCII = /[^\0-\x7f]/

/** `(host1|host2|host3)`, as dashboards make it of what was chosen: a look-up, however many there are. */
function oneOf(options: readonly Tree[]): ((value: string) => boolean | undefined) | undefined {
  const texts = new Set<string>()
  let [folded, exact] = [false, false]
  for (const option of options) {
    let text = ''
    for (const item of option.kind === 'sequence' ? option.items : [option]) {
      if (item.kind !== 'set') return undefined
      const { single, letter } = item.set
      const code = single ?? letter
      if (code === undefined) return undefined
      if (letter !== undefined) folded = true
      else if (isLetter(code)) exact = true
      text += String.fromCharCode(code)
    }
    texts.add(text)
  }
  if (folded && exact) return undefined
  return (value) => {
    if (LINE_END.test(value) || (folded && BEYOND_ASCII.test(value))) return undefined
    return texts.has(folded ? value.toLowerCase() : value)
  }
}

const isLetter = (code: number) => /\p{L}/u.test(String.fromCharCode(code))

const isPlace = (item: Tree | undefined, places: readonly string[]): boolean =>
  item?.kind === 'place' && places.includes(item.place)

const isAnything = (item: Tree | undefined): boolean =>
  item?.kind === 'repeat' &&
  item.min === 0 &&
  item.max === Number.POSITIVE_INFINITY &&
  item.mode !== 'possessive' &&
  item.body.kind === 'set' &&
  item.body.set === DOT

function search(text: string, openStart: boolean, openEnd: boolean): (value: string) => boolean {
  if (openStart && openEnd) return (value) => value.includes(text)
  if (openStart) return (value) => value.endsWith(text)
  if (openEnd) return (value) => value.startsWith(text)
  return (value) => value === text
}

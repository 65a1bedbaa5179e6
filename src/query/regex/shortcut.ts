import { DOT, LINE_END } from './classes.js'
import type { Tree } from './tree.js'

/**
 * Most patterns that people write are a text with `.*` before it or behind it, or both. For a value of one line that
 * is a search, or a comparison. Undefined for every other pattern; the test is undefined for a value of several lines.
 */
export function shortcut(tree: Tree): ((value: string) => boolean | undefined) | undefined {
  const items = [...(tree.kind === 'sequence' ? tree.items : [tree])]
  if (isPlace(items[0], ['text-start'])) items.shift()
  if (isPlace(items.at(-1), ['text-end', 'last-line-end'])) items.pop()
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

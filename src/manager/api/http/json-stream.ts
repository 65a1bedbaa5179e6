import { setImmediate } from 'node:timers/promises'
import { fieldsOf, known, type Shape, shapeOf } from '../contract/shape.js'
import { trimTo } from './trim.js'

/** Values in it, of all depths: more than these are written piece by piece. A host or a role has some 50. */
const LARGE = 5_000
const SMALL = 200
const CHUNK = 64 * 1024

/** Is there more in an answer than should be written in one go? */
export const isLarge = (value: unknown) => count(value, LARGE) >= LARGE

function count(value: unknown, max: number): number {
  if (typeof value !== 'object' || value === null) return 1
  let found = 1
  for (const each of Array.isArray(value) ? value : Object.values(value)) {
    found += count(each, max - found)
    if (found >= max) return found
  }
  return found
}

/**
 * An answer as indented JSON, as `trim` and `JSON.stringify` would give it, in pieces: a deployment has tens of megabytes,
 * and others wait for an answer too.
 */
export function jsonStream(type: string, value: unknown, version: number): ReadableStream<Uint8Array> {
  const parts = piecesOf(shapeOf(type), value, version, '')
  const encoder = new TextEncoder()
  return new ReadableStream({
    async pull(controller) {
      await setImmediate()
      let text = ''
      while (text.length < CHUNK) {
        const { value: part, done } = parts.next()
        if (!done) text += part
        else {
          controller.enqueue(encoder.encode(`${text}\n`))
          controller.close()
          return
        }
      }
      controller.enqueue(encoder.encode(text))
    },
  })
}

/** `indent` of the line that it stands on. */
function* piecesOf(shape: Shape, value: unknown, version: number, indent: string): Generator<string> {
  const inner = `${indent}  `
  const mayBeLong = (shape.kind === 'list' || shape.kind === 'model') && count(value, SMALL) >= SMALL
  if (!mayBeLong) {
    const text = JSON.stringify(trimTo(shape, value, version), undefined, 2) ?? 'null'
    // A line break within a text is written as \n: these are all between values.
    yield indent === '' ? text : text.replaceAll('\n', `\n${indent}`)
  } else if (shape.kind === 'list') {
    let before = '['
    for (const each of value as unknown[]) {
      yield `${before}\n${inner}`
      // As in JSON: what is not there keeps its place in a list.
      yield* each === undefined || each === null ? ['null'] : piecesOf(shape.of, each, version, inner)
      before = ','
    }
    yield before === '[' ? '[]' : `\n${indent}]`
  } else if (shape.kind === 'model') {
    let before = '{'
    for (const field of fieldsOf(shape.name)) {
      const each = (value as Record<string, unknown>)[field.name]
      if (!known(field, version) || trimmedAway(field.shape, each)) continue
      yield `${before}\n${inner}${JSON.stringify(field.name)}: `
      yield* piecesOf(field.shape, each, version, inner)
      before = ','
    }
    yield before === '{' ? '{}' : `\n${indent}}`
  }
}

const trimmedAway = (shape: Shape, value: unknown) =>
  value === undefined ||
  value === null ||
  ((shape.kind === 'integer' || shape.kind === 'number') && !Number.isFinite(value))

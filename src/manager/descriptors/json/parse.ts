import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser'
import type { Problem } from '../problem.js'

export type Segment = string | number

/** A parsed file: its value, and where each part of it stands. */
export interface Document {
  readonly value: unknown
  /** Line and column, from 1, of the value at a path, or of the nearest value around it. */
  locate(path: readonly Segment[]): { line: number; column: number }
}

/** The largest descriptor taken; the largest known is a few hundred kilobytes. */
export const MAX_DESCRIPTOR_BYTES = 8 * 1024 ** 2

/**
 * Parses JSON as descriptors are written: with comments of both kinds and trailing commas. Integers that a double cannot
 * hold are given as text, so that nothing of them is lost.
 *
 * Returns the document, or the one problem that says where parsing stopped.
 */
export function parseDescriptorJson(text: string, file: string): Document | Problem {
  if (text.length > MAX_DESCRIPTOR_BYTES)
    return refuse(
      file,
      'LIMIT',
      `is larger than ${MAX_DESCRIPTOR_BYTES} bytes; a descriptor that large is not read`,
    )
  const source = text.startsWith('\ufeff') ? text.slice(1) : text
  const errors: ParseError[] = []
  try {
    const root = parseTree(source, errors, { allowTrailingComma: true })
    const first = errors[0]
    if (first || !root) {
      const at = position(source, first?.offset ?? 0)
      const what = first ? describe(printParseErrorCode(first.error)) : 'the file is empty'
      return { ...refuse(file, 'BAD_JSON', `is not valid JSON: ${what}. Correct it at this place.`), ...at }
    }
    return {
      value: toValue(root, source),
      locate(path) {
        for (let length = path.length; length >= 0; length--) {
          const node = findNodeAtLocation(root, path.slice(0, length))
          if (node) return position(source, node.offset)
        }
        return { line: 1, column: 1 }
      },
    }
  } catch (error) {
    // The parser recurses: a file of a million brackets ends here.
    if (error instanceof RangeError)
      return refuse(file, 'BAD_JSON', 'is nested too deeply; no descriptor needs that')
    throw error
  }
}

function refuse(file: string, code: 'BAD_JSON' | 'LIMIT', message: string): Problem {
  return { level: 'error', code, file, path: '', message }
}

/** `PropertyNameExpected` → `property name expected`. */
function describe(code: string): string {
  return code.replace(/(?<=[a-z])([A-Z])/g, ' $1').toLowerCase()
}

function position(text: string, offset: number): { line: number; column: number } {
  let line = 1
  let start = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++
    start = at + 1
  }
  return { line, column: offset - start + 1 }
}

function toValue(node: Node, source: string): unknown {
  const children = node.children ?? []
  if (node.type === 'array') return children.map((child) => toValue(child, source))
  if (node.type === 'object') {
    // No prototype: a key named __proto__ or constructor is a key like any other.
    const out: Record<string, unknown> = Object.create(null)
    for (const { children: pair } of children)
      if (pair?.[0] && pair[1]) out[String(pair[0].value)] = toValue(pair[1], source)
    return out
  }
  if (node.type === 'number' && !Number.isSafeInteger(node.value)) {
    const literal = source.slice(node.offset, node.offset + node.length)
    if (/^-?\d+$/.test(literal)) return literal
  }
  return node.value
}

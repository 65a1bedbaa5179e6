/**
 * Templates of users: text with places for values, and no code. `{{name}}` or `{{name|filter}}` is a value, `{{#list}}…{{/list}}`
 * is written for each element (or once, for a value that is not empty), `{{^name}}…{{/name}}` when it is empty. Within a section
 * names are looked for in its element first, then outside.
 */
export type TemplatePart =
  | { kind: 'text'; text: string }
  | { kind: 'value'; name: string; filters: string[] }
  | { kind: 'section'; name: string; inverted: boolean; parts: TemplatePart[] }

export class TemplateError extends Error {
  override name = 'TemplateError'
}

export type View = { readonly [name: string]: string | boolean | readonly View[] }

const FILTERS: Record<string, (text: string) => string> = {
  html: (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`),
  /** What Slack's format gives a meaning to. */
  slack: (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
  /** What Markdown gives a meaning to. */
  markdown: (text) => text.replace(/[\\`*_{}[\]()#+\-.!|~>]/g, '\\$&'),
  url: (text) => encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd')),
  /** The inside of a string in JSON. */
  json: (text) => JSON.stringify(text).slice(1, -1),
  short: (text) => (text.length > 200 ? `${text.slice(0, 199)}…` : text),
  line: (text) => text.replace(/\s+/g, ' '),
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
}

const LONGEST_TEMPLATE = 20_000
const DEEPEST = 6
const TAG = /\{\{\s*([#^/]?)\s*([A-Za-z][A-Za-z0-9]*)((?:\s*\|\s*[a-z]+)*)\s*\}\}/g

/** Throws `TemplateError`, which says where. */
export function parseTemplate(text: string): TemplatePart[] {
  if (text.length > LONGEST_TEMPLATE) throw new TemplateError(`has more than ${LONGEST_TEMPLATE} characters`)
  const root: TemplatePart[] = []
  const open: { name: string; parts: TemplatePart[] }[] = [{ name: '', parts: root }]
  let at = 0
  const add = (part: TemplatePart) => open.at(-1)!.parts.push(part)
  for (const found of text.matchAll(TAG)) {
    const [tag, mark, name, pipes] = found as unknown as [string, string, string, string]
    addText(at, found.index)
    at = found.index + tag.length
    const filters = pipes
      .split('|')
      .map((each) => each.trim())
      .filter(Boolean)
    const unknown = filters.find((each) => !Object.hasOwn(FILTERS, each))
    if (unknown !== undefined)
      throw new TemplateError(
        `${tag}: there is no filter ${unknown}; there are ${Object.keys(FILTERS).join(', ')}`,
      )
    if (mark !== '' && filters.length > 0) throw new TemplateError(`${tag}: a section takes no filter`)
    if (mark === '') add({ kind: 'value', name, filters })
    else if (mark === '/') {
      if (open.length === 1 || open.at(-1)!.name !== name) throw new TemplateError(`${tag} ends no section`)
      open.pop()
    } else {
      if (open.length > DEEPEST) throw new TemplateError(`${tag}: sections go ${DEEPEST} deep at most`)
      const parts: TemplatePart[] = []
      add({ kind: 'section', name, inverted: mark === '^', parts })
      open.push({ name, parts })
    }
  }
  addText(at, text.length)
  if (open.length > 1) throw new TemplateError(`{{#${open.at(-1)!.name}}} is not ended`)
  return root

  function addText(from: number, to: number): void {
    const part = text.slice(from, to)
    const stray = part.indexOf('{{')
    if (stray >= 0)
      throw new TemplateError(`${JSON.stringify(part.slice(stray, stray + 30))} is no place for a value`)
    if (part !== '') add({ kind: 'text', text: part })
  }
}

/**
 * Throws `TemplateError` for names that the view (an example of it) does not have where they stand, and for a list within
 * itself, whose length would be multiplied.
 */
export function checkTemplate(
  parts: readonly TemplatePart[],
  scopes: readonly View[],
  open: readonly string[] = [],
): void {
  for (const part of parts) {
    if (part.kind === 'text') continue
    const { name } = part
    const value = lookUp(scopes, name)
    if (value === undefined) {
      const names = [...new Set(scopes.flatMap((scope) => Object.keys(scope)))]
      throw new TemplateError(`there is no ${name} here; there are ${names.join(', ')}`)
    }
    if (part.kind === 'value') {
      if (typeof value === 'object') throw new TemplateError(`${name} is a list: {{#${name}}}…{{/${name}}}`)
      continue
    }
    if (open.includes(name)) throw new TemplateError(`{{#${name}}} stands within itself`)
    const [first] = Array.isArray(value) ? (value as readonly View[]) : []
    checkTemplate(part.parts, first && !part.inverted ? [first, ...scopes] : scopes, [...open, name])
  }
}

/** The text, cut at `most` characters: a storm is more than any chat system takes. */
export function renderTemplate(parts: readonly TemplatePart[], view: View, most: number): string {
  const out: string[] = []
  let left = most
  const write = (text: string) => {
    if (left <= 0) return
    out.push(text.length > left ? `${text.slice(0, Math.max(0, left - 1))}…` : text)
    left -= text.length
  }
  const run = (some: readonly TemplatePart[], scopes: readonly View[]): void => {
    for (const part of some) {
      if (left <= 0) return
      if (part.kind === 'text') write(part.text)
      else if (part.kind === 'value') {
        const value = lookUp(scopes, part.name)
        const text = typeof value === 'object' || value === undefined ? '' : String(value)
        write(part.filters.reduce((so, filter) => FILTERS[filter]!(so), text))
      } else section(part, scopes)
    }
  }
  const section = (
    { name, inverted, parts: inner }: TemplatePart & { kind: 'section' },
    scopes: readonly View[],
  ) => {
    const value = lookUp(scopes, name)
    const empty =
      value === undefined || value === '' || value === false || (Array.isArray(value) && value.length === 0)
    if (inverted) {
      if (empty) run(inner, scopes)
    } else if (Array.isArray(value))
      for (const each of value as readonly View[]) run(inner, [each, ...scopes])
    else if (!empty) run(inner, scopes)
  }
  run(parts, [view])
  return out.join('')
}

function lookUp(scopes: readonly View[], name: string): View[string] | undefined {
  for (const scope of scopes) if (Object.hasOwn(scope, name)) return scope[name]
  return undefined
}

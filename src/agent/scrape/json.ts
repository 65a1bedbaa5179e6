import { isObject } from '../../wire/shape.js'

/**
 * What a JSON document has under these keys, one for each level; of a list its index. With `*` it is a list of what all members
 * have. A text that is a JSON document itself, as Hadoop's beans have them, is looked into.
 */
export function lookUp(document: unknown, keys: readonly string[]): unknown {
  let value = document
  for (const [i, key] of keys.entries()) {
    if (typeof value === 'string') value = parsed(value)
    if (key === '*' && typeof value === 'object' && value !== null)
      return Object.values(value).map((member) => lookUp(member, keys.slice(i + 1)))
    if (Array.isArray(value)) value = value[Number(key)]
    else if (isObject(value) && Object.hasOwn(value, key)) value = value[key]
    else return undefined
  }
  return value
}

/** The document that a text is; undefined for other texts. */
export function parsed(text: string): unknown {
  if (!/^\s*[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** `a::b::c`. */
export const jsonPath = (context: string): string[] => context.split('::')

export interface BeanPath {
  /** Exact, or with `*` for any text without a comma. */
  bean: string
  pattern: RegExp | undefined
  keys: string[]
}

/** `<bean>::<attribute>[::<key>…]`; undefined without an attribute. */
export function beanPath(context: string): BeanPath | undefined {
  const [bean = '', ...keys] = context.split('::')
  if (bean === '' || keys.length === 0) return undefined
  const escaped = bean
    .split('*')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^,]*')
  return { bean, pattern: bean.includes('*') ? new RegExp(`^${escaped}$`) : undefined, keys }
}

/** Reads Hadoop's `/jmx` (`{"beans":[{"name":…,…},…]}`): for each path the value in the first bean that has it. */
export function readBeans(document: unknown, paths: readonly (BeanPath | undefined)[]): unknown[] {
  const beans = isObject(document) && Array.isArray(document.beans) ? document.beans : []
  const byName = new Map<string, unknown>()
  for (const bean of beans) if (isObject(bean) && typeof bean.name === 'string') byName.set(bean.name, bean)
  const matches = new Map<string, unknown[]>()
  const beansOf = ({ bean, pattern }: BeanPath) => {
    if (!pattern) return byName.has(bean) ? [byName.get(bean)] : []
    let found = matches.get(bean)
    if (!found) {
      found = [...byName].filter(([name]) => pattern.test(name)).map(([, one]) => one)
      matches.set(bean, found)
    }
    return found
  }
  return paths.map((path) => {
    if (!path) return undefined
    for (const bean of beansOf(path)) {
      const value = lookUp(bean, path.keys)
      if (value !== undefined) return value
    }
    return undefined
  })
}

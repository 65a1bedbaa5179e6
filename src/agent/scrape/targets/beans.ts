import { isObject } from '../../../wire/shape.js'
import { PageError, type PageVisitor } from './page.js'

/** How deep composite attributes are followed. */
const DEEPEST = 5

/**
 * Reads Hadoop's `/jmx` (`{"beans":[{"name":"Hadoop:service=NameNode,name=FSNamesystem","CapacityTotal":1}]}`): every attribute
 * that is a number or a boolean is a sample, named as the Prometheus JMX exporter does by default: the domain, the value of
 * the bean's first property and the attribute, with the other properties as labels:
 * `Hadoop_NameNode_CapacityTotal{name="FSNamesystem"}`. Parts of composite attributes are joined by `_`.
 *
 * Throws `PageError` for what is no such document.
 */
export function readBeansPage(page: Buffer, { sample }: PageVisitor): void {
  let document: unknown
  try {
    document = JSON.parse(page.toString('utf8'))
  } catch (error) {
    throw new PageError(`the page is not JSON: ${(error as Error).message}`)
  }
  if (!isObject(document) || !Array.isArray(document.beans))
    throw new PageError('the page has no list of beans')
  for (const bean of document.beans) {
    if (!isObject(bean) || typeof bean.name !== 'string') continue
    const named = nameOf(bean.name)
    if (!named) continue
    const { prefix, labels } = named
    const visit = (value: unknown, name: string, depth: number): void => {
      if (typeof value === 'number') sample(`${name}${labels}`, value, Number.NaN)
      else if (typeof value === 'boolean') sample(`${name}${labels}`, value ? 1 : 0, Number.NaN)
      else if (isObject(value) && depth < DEEPEST)
        for (const [key, part] of Object.entries(value)) visit(part, `${name}_${word(key)}`, depth + 1)
    }
    for (const [attribute, value] of Object.entries(bean))
      if (attribute !== 'name' && attribute !== 'modelerType') visit(value, `${prefix}_${word(attribute)}`, 0)
  }
}

const word = (text: string): string => text.replace(/[^a-zA-Z0-9_]/g, '_')

/** `domain:key=value,key=value`, where a value in quotes may have commas. */
function nameOf(objectName: string): { prefix: string; labels: string } | undefined {
  const colon = objectName.indexOf(':')
  if (colon <= 0) return undefined
  const properties = [...objectName.slice(colon + 1).matchAll(/([^=,]+)=("(?:[^"\\]|\\.)*"|[^,]*)/g)].map(
    ([, key, value]): [string, string] => [
      key!.trim(),
      value!.replace(/^"(.*)"$/s, '$1').replace(/\\(.)/g, '$1'),
    ],
  )
  const [first, ...others] = properties
  if (first === undefined) return undefined
  const prefix = word(`${objectName.slice(0, colon)}_${first[1]}`)
  const labels = others.map(
    ([key, value]) => `${label(key)}="${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`,
  )
  return {
    prefix: /^[a-zA-Z_]/.test(prefix) ? prefix : `_${prefix}`,
    labels: labels.length > 0 ? `{${labels.join(',')}}` : '',
  }
}

const label = (text: string): string => word(text).replace(/^(?=\d)/, '_')

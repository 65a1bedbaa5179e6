import type { EntityDefinition } from './native-batch.js'

/**
 * The one rule by which labels and tags of every protocol become metric, entity and attributes (docs/ingest.md).
 *
 * Metric names are folded to what tsquery takes as an identifier: lower case, letters, digits and `_`. Every label but
 * the metric's name, `category` and `entityName` is an attribute of the entity. The entity is its category and the
 * sorted attributes, or its category and the label `entityName`.
 */

export interface Label {
  name: string
  value: string
}

/** The category of an entity whose sender names none. */
export const DEFAULT_CATEGORY = 'CUSTOM'

/** Names that senders give to the host, the strongest first; the strongest one present becomes `hostname`. */
const HOST_LABELS = ['hostname', 'host', 'nodename', 'hostName']

/**
 * Folds a metric name; empty when nothing usable is left.
 *
 * @example metricName('node:cpu.Seconds') === 'node_cpu_seconds'
 */
export function metricName(raw: string): string {
  const folded = raw.toLowerCase().replace(/[^a-z0-9_]/g, '_')
  if (/^_*$/.test(folded)) return ''
  return /^[0-9]/.test(folded) ? `_${folded}` : folded
}

/** Folds a category: upper case, letters, digits and `_`; `CUSTOM` when nothing usable is left. */
export function categoryName(raw: string): string {
  const folded = raw.toUpperCase().replace(/[^A-Z0-9_]/g, '_')
  return /^[A-Z]/.test(folded) ? folded : DEFAULT_CATEGORY
}

/** The metric of an Influx field: `<measurement>_<field>`, and `<measurement>` for the field `value`. */
export function fieldMetricName(measurement: string, field: string): string {
  return metricName(field === 'value' ? measurement : `${measurement}_${field}`)
}

const escaped = (text: string) => (/[\\,=]/.test(text) ? text.replace(/[\\,=]/g, '\\$&') : text)

const byName = (a: Label, b: Label) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

/** `k=v,k=v` of labels in the order of their names, with `\`, `,` and `=` escaped by `\`: equal only for equal labels. */
function canonicalText(sorted: readonly Label[]): string {
  let text = ''
  for (const { name, value } of sorted) text += `${text === '' ? '' : ','}${escaped(name)}=${escaped(value)}`
  return text
}

/**
 * The entity that labels describe. Labels with an empty value count as absent, as in Prometheus. Names must be distinct;
 * of names that differ only in case, the first in code unit order becomes the attribute (tsquery compares attribute
 * names without case), while all of them take part in the identity.
 *
 * @example entityOf([{ name: 'host', value: 'a' }, { name: 'cpu', value: '0' }])
 * // { category: 'CUSTOM', name: 'cpu=0,hostname=a', attributes: { cpu: '0', hostname: 'a' } }
 */
export function entityOf(labels: readonly Label[]): EntityDefinition {
  let category = DEFAULT_CATEGORY
  let name = ''
  let host: Label | undefined
  const others: Label[] = []
  for (const label of labels) {
    if (label.value === '') continue
    if (label.name === 'category') category = categoryName(label.value)
    else if (label.name === 'entityName') name = label.value
    else {
      others.push(label)
      const rank = HOST_LABELS.indexOf(label.name)
      if (rank >= 0 && (host === undefined || rank < HOST_LABELS.indexOf(host.name))) host = label
    }
  }
  const named = others.map((label) => (label === host ? { name: 'hostname', value: label.value } : label))
  named.sort(byName)
  const attributes = new Map<string, Label>()
  if (host !== undefined) attributes.set('hostname', { name: 'hostname', value: host.value })
  for (const label of named) {
    const folded = label.name.toLowerCase()
    if (!attributes.has(folded)) attributes.set(folded, label)
  }
  return {
    category,
    name: name || canonicalText(named) || category.toLowerCase(),
    attributes: Object.fromEntries([...attributes.values()].map((label) => [label.name, label.value])),
  }
}

const COUNTER = /_(total|count|sum|bucket)$/

/** What Prometheus' naming conventions say of a metric whose sender declares nothing. */
export function prometheusConventions(name: string): { isCounter: boolean; unitNumerators: string[] } {
  const isCounter = COUNTER.test(name)
  const base = name.replace(/_(total|sum)$/, '')
  const unit = /_(seconds|bytes|joules|volts|amperes|celsius|meters|grams)$/.exec(base)?.[1]
  return { isCounter, unitNumerators: unit === undefined ? [] : [unit] }
}

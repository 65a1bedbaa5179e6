import { type Family, familySamples } from '../../wire/self-metrics.js'
import type { Scraped } from './scraped.js'
import { parseKey, readPage } from './targets/page.js'

/** Of one page; what is beyond is left out. */
const MOST_METRICS = 1_000

/**
 * Everything that a page of the Prometheus text format has, as metrics of one entity, under names that queries take: labels
 * become part of the name, as with our own roles (`selfMetrics`). Throws `PageError` for a page that cannot be read.
 */
export function readWholePage(page: Buffer): Scraped[] {
  const families = new Map<string, Family>()
  const comments = new Map<string, { type: string; help: string; unit: string }>()
  readPage(page, false, {
    family(name) {
      let said = comments.get(name)
      if (!said) comments.set(name, (said = { type: '', help: '', unit: '' }))
      return said
    },
    sample(key, value) {
      const { name, labels } = parseKey(key)
      const base = name.replace(/_(total|sum|count|bucket|created)$/, '')
      const said = comments.get(name) ?? comments.get(base)
      // When a counter began is no figure of what it counts.
      if (said && name.endsWith('_created') && !comments.has(name)) return
      const familyName = comments.has(name) || !said ? name : base
      let family = families.get(familyName)
      if (!family)
        families.set(
          familyName,
          (family = { name: familyName, help: said?.help ?? '', type: said?.type ?? '', values: [] }),
        )
      family.values.push({
        value,
        metricName: name,
        labels: Object.fromEntries(labels.map((label) => [label.name, label.value])),
      })
    },
  })
  return familySamples(families.values(), MOST_METRICS)
}

import type { DecodeContext } from '../decode.js'
import { type Label, metricName, prometheusConventions } from '../naming.js'

/** The series of a Prometheus label set with its `__name__`; -1 when the registrar refuses. */
export function registerPrometheusSeries(labels: readonly Label[], { registrar }: DecodeContext): number {
  const at = labels.findIndex((label) => label.name === '__name__')
  if (at < 0) return registrar.refuse('name', 'the series has no label __name__')
  const name = metricName(labels[at]!.value)
  const entity = registrar.entity(labels.toSpliced(at, 1))
  if (entity < 0) return -1
  // What a sender has declared of a metric must not be undone by what its name suggests.
  const metric = registrar.metric(registrar.known(name) ? { name } : { name, ...prometheusConventions(name) })
  return metric < 0 ? -1 : registrar.series(metric, entity)
}

import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/**
 * Declares metrics of this process in `registry`, each named `prefix` and its own name, in the order of the calls.
 *
 * @example
 * const { counter, reading } = declareMetrics(registry, 'bellwether_ingest_')
 * const samples = counter('samples_total', 'Samples that were acknowledged', 'protocol')
 * reading('in_flight_bytes', 'Bytes of requests that are being worked on', () => inFlight)
 */
export function declareMetrics(registry: Registry, prefix = '') {
  const registers = [registry]
  return {
    counter: <T extends string>(name: string, help: string, ...labelNames: T[]) =>
      new Counter({ name: prefix + name, help, labelNames, registers }),
    gauge: <T extends string>(name: string, help: string, ...labelNames: T[]) =>
      new Gauge({ name: prefix + name, help, labelNames, registers }),
    histogram: <T extends string>(name: string, help: string, buckets: number[], ...labelNames: T[]) =>
      new Histogram({ name: prefix + name, help, buckets, labelNames, registers }),
    /** A gauge that is read whenever the metrics are asked for. */
    reading: (name: string, help: string, read: () => number) =>
      new Gauge({
        name: prefix + name,
        help,
        registers,
        collect() {
          this.set(read())
        },
      }),
    /** A gauge with one label; what was set for a value that is not read any more stays. */
    readings: (name: string, help: string, label: string, read: () => Iterable<readonly [string, number]>) =>
      new Gauge({
        name: prefix + name,
        help,
        labelNames: [label],
        registers,
        collect() {
          for (const [value, figure] of read()) this.set({ [label]: value }, figure)
        },
      }),
  }
}

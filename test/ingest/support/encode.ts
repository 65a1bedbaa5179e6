import { encodeNativeBatch } from '../../../src/wire/native-batch.js'
import { type Field, message, varint } from './protobuf-writer.js'

/** Encoders of the tests: what a sender would send for these samples, in each format. */
export interface Sent {
  /** As the sender names it, before any folding. */
  metric: string
  labels: Record<string, string>
  /** Milliseconds. */
  time: number
  value: number
}

const tag = (text: string) => text.replace(/[,= ]/g, '\\$&')

export function lineProtocol(samples: readonly Sent[]): Uint8Array {
  const lines = samples.map(({ metric, labels, time, value }) => {
    const tags = Object.entries(labels).map(([name, text]) => `,${tag(name)}=${tag(text)}`)
    return `${metric.replace(/[, ]/g, '\\$&')}${tags.join('')} value=${value} ${time}000000`
  })
  return Buffer.from(`${lines.join('\n')}\n`)
}

/** Samples of one label set together, as senders do. */
export function seriesOf(
  samples: readonly Sent[],
): { metric: string; labels: Record<string, string>; samples: Sent[] }[] {
  const groups = new Map<string, Sent[]>()
  for (const sample of samples) {
    const key = JSON.stringify([sample.metric, Object.entries(sample.labels).sort()])
    groups.set(key, [...(groups.get(key) ?? []), sample])
  }
  return [...groups.values()].map((group) => ({
    metric: group[0]!.metric,
    labels: group[0]!.labels,
    samples: group,
  }))
}

export function remoteWrite(samples: readonly Sent[], more: Field[] = []): Uint8Array {
  const series = seriesOf(samples).map((group): Field => {
    const labels = Object.entries({ __name__: group.metric, ...group.labels }).sort(([a], [b]) =>
      a < b ? -1 : 1,
    )
    return [
      1,
      'bytes',
      message([
        ...labels.map(
          ([name, value]): Field => [
            1,
            'bytes',
            message([
              [1, 'bytes', name],
              [2, 'bytes', value],
            ]),
          ],
        ),
        ...group.samples.map(
          ({ time, value }): Field => [
            2,
            'bytes',
            message([
              [1, 'double', value],
              [2, 'varint', time],
            ]),
          ],
        ),
      ]),
    ]
  })
  return message([...series, ...more])
}

/** The agent names entities itself; here it is given what the naming rule would make. */
export function nativeBatch(
  samples: readonly (Sent & { category: string; entityName: string; attributes: Record<string, string> })[],
): Uint8Array {
  const groups = seriesOf(samples)
  const first = groups.map((group) => group.samples[0] as (typeof samples)[number])
  const flat = groups.flatMap((group, k) => group.samples.map((sample) => ({ ...sample, series: k })))
  return encodeNativeBatch({
    sender: 'test',
    metrics: groups.map(({ metric }) => ({ name: metric })),
    entities: first.map(({ category, entityName, attributes }) => ({
      category,
      name: entityName,
      attributes,
    })),
    seriesMetric: Uint32Array.from(groups.keys()),
    seriesEntity: Uint32Array.from(groups.keys()),
    sampleSeries: Uint32Array.from(flat, (sample) => sample.series),
    sampleTime: Float64Array.from(flat, (sample) => sample.time),
    sampleValue: Float64Array.from(flat, (sample) => sample.value),
  })
}

export function remoteWrite2(
  samples: readonly Sent[],
  metadata?: { type: number; help: string; unit: string },
): Uint8Array {
  const symbols = ['']
  const ref = (text: string) => {
    if (!symbols.includes(text)) symbols.push(text)
    return symbols.indexOf(text)
  }
  const series = seriesOf(samples).map((group): Field => {
    const labels = Object.entries({ __name__: group.metric, ...group.labels }).sort(([a], [b]) =>
      a < b ? -1 : 1,
    )
    const refs = labels.flat().flatMap((text) => varint(ref(text)))
    return [
      5,
      'bytes',
      message([
        [1, 'bytes', Uint8Array.from(refs)],
        ...group.samples.map(
          ({ time, value }): Field => [
            2,
            'bytes',
            message([
              [1, 'double', value],
              [2, 'varint', time],
            ]),
          ],
        ),
        ...(metadata
          ? [
              [
                5,
                'bytes',
                message([
                  [1, 'varint', metadata.type],
                  [3, 'varint', ref(metadata.help)],
                  [4, 'varint', ref(metadata.unit)],
                ]),
              ] satisfies Field,
            ]
          : []),
      ]),
    ]
  })
  return message([...symbols.map((text): Field => [4, 'bytes', text]), ...series])
}

export function graphite(samples: readonly Sent[]): Uint8Array {
  const lines = samples.map(({ metric, labels, time, value }) => {
    const tags = Object.entries(labels).map(([name, text]) => `;${name}=${text}`)
    return `${metric}${tags.join('')} ${value} ${time / 1000}`
  })
  return Buffer.from(`${lines.join('\n')}\n`)
}

export function ambari(samples: readonly Sent[]): Uint8Array {
  const metrics = seriesOf(samples).map((group) => ({
    metricname: group.metric,
    ...group.labels,
    timestamp: group.samples[0]!.time,
    starttime: group.samples[0]!.time,
    metrics: Object.fromEntries(group.samples.map(({ time, value }) => [time, value])),
  }))
  return Buffer.from(JSON.stringify({ metrics }))
}

export function collectd(samples: readonly Sent[]): Uint8Array {
  const lists = samples.map(({ metric, labels, time, value }) => ({
    values: [value],
    dstypes: ['gauge'],
    dsnames: ['value'],
    time: time / 1000,
    interval: 10,
    host: '',
    plugin: metric,
    plugin_instance: '',
    type: metric,
    type_instance: '',
    ...labels,
  }))
  return Buffer.from(JSON.stringify(lists))
}

const attributesOf = (labels: Record<string, string>) =>
  Object.entries(labels).map(([key, stringValue]) => ({ key, value: { stringValue } }))

/** Every sample a gauge, in one resource without attributes. */
export function otlpJson(samples: readonly Sent[]): Uint8Array {
  const metrics = samples.map(({ metric, labels, time, value }) => ({
    name: metric,
    gauge: {
      dataPoints: [{ attributes: attributesOf(labels), timeUnixNano: `${time}000000`, asDouble: value }],
    },
  }))
  return Buffer.from(JSON.stringify({ resourceMetrics: [{ resource: {}, scopeMetrics: [{ metrics }] }] }))
}

export const keyValue = (key: string, value: string): Uint8Array =>
  message([
    [1, 'bytes', key],
    [2, 'bytes', message([[1, 'bytes', value]])],
  ])

export function otlpProtobuf(samples: readonly Sent[]): Uint8Array {
  const metrics = samples.map(({ metric, labels, time, value }): Field => {
    const point = message([
      ...Object.entries(labels).map(([key, text]): Field => [7, 'bytes', keyValue(key, text)]),
      [3, 'fixed64', BigInt(time) * 1_000_000n],
      [4, 'double', value],
    ])
    return [
      2,
      'bytes',
      message([
        [1, 'bytes', metric],
        [5, 'bytes', message([[1, 'bytes', point]])],
      ]),
    ]
  })
  return message([[1, 'bytes', message([[2, 'bytes', message(metrics)]])]])
}

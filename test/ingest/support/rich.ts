import { NOW } from './decode.js'
import { keyValue } from './encode.js'
import { type Field, message, varint } from './protobuf-writer.js'

/** Bodies with what the golden samples have no use for, so that mutations reach every branch of a decoder. */
const T = NOW - 60_000
const NS = BigInt(T) * 1_000_000n

const sub = (field: number, fields: Field[]): Field => [field, 'bytes', message(fields)]
const doubles = (...values: number[]): Buffer =>
  Buffer.concat(values.map((value) => message([[1, 'double', value]]).subarray(1)))
const longs = (...values: number[]): Buffer =>
  Buffer.concat(values.map((value) => message([[1, 'fixed64', value]]).subarray(1)))

const NATIVE_HISTOGRAM: Field[] = [
  [1, 'varint', 3],
  [3, 'double', 1.5],
  [4, 'varint', 0],
  sub(11, [[1, 'varint', 2]]),
  [15, 'varint', T],
]

const lines = `# a comment
cpu,host=a\\ b,zone=eu\\,1,e\\=f=g usage=1.5e-3,count=7i,big=18446744073709551615u,ok=t,text="a \\"b\\" , = \\\\ c",off=FALSE ${NS}

m value=-0.25,x=1e400 ${NS}
m\\,n,t=ü☃ f\\ 1=+1 ${NS}\r
no\\ time v=3
`

const label = (name: string, value: string): Field =>
  sub(1, [
    [1, 'bytes', name],
    [2, 'bytes', value],
  ])
const sample = (value: number): Field =>
  sub(2, [
    [1, 'double', value],
    [2, 'varint', T],
  ])

const remoteWrite = message([
  sub(1, [
    label('__name__', 'http_seconds_bucket'),
    label('le', '+Inf'),
    sample(3),
    sample(Number.NaN),
    sample(Number.POSITIVE_INFINITY),
    sub(3, [label('trace_id', 'x'), [2, 'double', 1], [3, 'varint', T]]),
  ]),
  sub(1, [label('__name__', 'native'), sub(4, NATIVE_HISTOGRAM)]),
  sub(3, [
    [1, 'varint', 1],
    [2, 'bytes', 'http_total'],
    [4, 'bytes', 'Requests'],
    [5, 'bytes', 'seconds'],
  ]),
  [15, 'bytes', 'of a later version'],
])

const symbols = ['', '__name__', 'http_total', 'job', 'node', 'Requests', 'seconds', 'trace_id']
const remoteWrite2 = message([
  ...symbols.map((text): Field => [4, 'bytes', text]),
  sub(5, [
    [1, 'bytes', Uint8Array.from([1, 2, 3, 4].flatMap(varint))],
    sample(3),
    sample(Number.NaN),
    sub(3, NATIVE_HISTOGRAM),
    sub(4, [
      [1, 'bytes', Uint8Array.of(7, 4)],
      [2, 'double', 1],
      [3, 'varint', T],
    ]),
    sub(5, [
      [1, 'varint', 1],
      [3, 'varint', 5],
      [4, 'varint', 6],
    ]),
    [6, 'varint', T - 1_000],
  ]),
])

const attribute = (key: string, value: unknown) => ({ key, value })
const json = JSON.stringify({
  resourceMetrics: [
    {
      resource: {
        attributes: [
          attribute('host.name', { stringValue: 'a"\\ü☃' }),
          attribute('process.pid', { intValue: '5' }),
          attribute('list', { arrayValue: { values: [{ stringValue: 'x' }] } }),
          attribute('map', { kvlistValue: { values: [attribute('k', { doubleValue: 1 })] } }),
        ],
      },
      scopeMetrics: [
        {
          scope: { name: 's', attributes: [attribute('v', { boolValue: true })] },
          metrics: [
            {
              name: 'g',
              unit: 'By/s',
              description: 'd',
              gauge: { dataPoints: [{ timeUnixNano: `${NS}`, asInt: '7' }] },
            },
            {
              name: 'delta',
              sum: {
                aggregationTemporality: 1,
                isMonotonic: true,
                dataPoints: [
                  {
                    startTimeUnixNano: `${NS - 1n}`,
                    timeUnixNano: `${NS}`,
                    asDouble: 2,
                    exemplars: [{ asDouble: 1 }],
                  },
                  {
                    timeUnixNano: Number(NS),
                    asDouble: 'NaN',
                    attributes: [attribute('ok', { boolValue: true })],
                  },
                ],
              },
            },
            {
              name: 'h',
              histogram: {
                aggregationTemporality: 'AGGREGATION_TEMPORALITY_CUMULATIVE',
                dataPoints: [
                  {
                    timeUnixNano: `${NS}`,
                    count: '6',
                    sum: 9.5,
                    bucketCounts: ['1', '2', '3'],
                    explicitBounds: [0.5, 10],
                  },
                ],
              },
            },
            {
              name: 'e',
              exponentialHistogram: {
                aggregationTemporality: 2,
                dataPoints: [
                  {
                    timeUnixNano: `${NS}`,
                    count: '4',
                    sum: 8,
                    scale: 1,
                    positive: { offset: 0, bucketCounts: ['4'] },
                  },
                ],
              },
            },
            {
              name: 's',
              summary: {
                dataPoints: [
                  {
                    timeUnixNano: `${NS}`,
                    count: '2',
                    sum: 3,
                    quantileValues: [{ quantile: 0.5, value: 1.5 }],
                  },
                ],
              },
            },
          ],
        },
      ],
    },
  ],
})

const time: Field = [3, 'fixed64', NS]
const metric = (name: string, field: number, point: Field[], ...more: Field[]): Field =>
  sub(2, [
    [1, 'bytes', name],
    [2, 'bytes', 'description'],
    [3, 'bytes', 'By/s'],
    sub(field, [sub(1, [time, ...point]), ...more]),
  ])
const labelled: Field = [7, 'bytes', keyValue('http.route', '/x')]
const protobuf = message([
  sub(1, [
    sub(1, [
      [1, 'bytes', keyValue('host.name', 'a1')],
      sub(1, [[1, 'bytes', 'pid'], sub(2, [[3, 'varint', 7]])]),
      sub(1, [[1, 'bytes', 'list'], sub(2, [sub(5, [sub(1, [[1, 'bytes', 'x']])])])]),
    ]),
    sub(2, [
      sub(1, [[1, 'bytes', 'scope']]),
      metric('i', 5, [[6, 'fixed64', -7n], labelled]),
      metric(
        'sum',
        7,
        [[4, 'double', 9], [2, 'fixed64', NS - 1n], labelled],
        [2, 'varint', 1],
        [3, 'varint', 1],
      ),
      metric(
        'h',
        9,
        [
          [4, 'fixed64', 3],
          [5, 'double', 4.5],
          [6, 'bytes', longs(1, 2)],
          [7, 'bytes', doubles(0.1)],
          [9, 'bytes', keyValue('a', 'b')],
        ],
        [2, 'varint', 1],
      ),
      metric(
        'e',
        10,
        [[4, 'fixed64', 4], [5, 'double', 8], [6, 'varint', 2], sub(8, [[2, 'bytes', Uint8Array.of(1, 2)]])],
        [2, 'varint', 2],
      ),
      metric('q', 11, [
        [4, 'fixed64', 1],
        [5, 'double', 2],
        sub(6, [
          [1, 'double', 0.9],
          [2, 'double', 2],
        ]),
      ]),
    ]),
    [3, 'bytes', 'schema'],
  ]),
])

/** By the format's name in `FORMATS`. */
export const RICH: Readonly<Record<string, readonly Uint8Array[]>> = {
  'Influx line protocol': [Buffer.from(lines)],
  'Prometheus remote write 1.0': [remoteWrite],
  'Prometheus remote write 2.0': [remoteWrite2],
  'Graphite plaintext with tags': [
    Buffer.from(
      `a.b.c 1 ${T / 1000}\n\nm;x=y;z=ü 1e3 ${T / 1000}.25\r\nnow 5 -1\nn  nan\t${T / 1000}\nbad\nm;a=1;a=2 1 N\n`,
    ),
  ],
  'Ambari metrics': [
    Buffer.from(
      `{"metrics":[{"metricname":"a.b","appid":"HOST","hostname":"h","type":"COUNTER","units":"bytes","starttime":${T},"metrics":{"${T}":1,"${T + 1}":"2.5","x":null}},{"metricname":7,"metrics":[]}]}`,
    ),
  ],
  'collectd write_http': [
    Buffer.from(
      `[{"values":[1,null,3.5,"4"],"dstypes":["derive","gauge","counter","absolute"],"dsnames":["rx","tx","value",""],"time":${T / 1000},"interval":10,"host":"h","plugin":"if","plugin_instance":"eth0","type":"octets","type_instance":"","meta":{"network:received":true}},{"values":[]}]`,
    ),
  ],
  'OTLP protobuf': [protobuf],
  'OTLP JSON': [Buffer.from(json)],
}

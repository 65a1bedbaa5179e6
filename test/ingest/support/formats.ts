import type { DecodeContext } from '../../../src/ingest/decode.js'
import { createAmbariDecoder } from '../../../src/ingest/formats/ambari.js'
import { createCollectdDecoder } from '../../../src/ingest/formats/collectd.js'
import { createGraphiteDecoder } from '../../../src/ingest/formats/graphite.js'
import { createLineProtocolDecoder } from '../../../src/ingest/formats/line-protocol.js'
import { createNativeDecoder } from '../../../src/ingest/formats/native.js'
import { createOtlpJsonDecoder } from '../../../src/ingest/formats/otlp-json.js'
import { createOtlpProtobufDecoder } from '../../../src/ingest/formats/otlp-protobuf.js'
import { createOtlpSamples } from '../../../src/ingest/formats/otlp-samples.js'
import { createRemoteWriteDecoder } from '../../../src/ingest/formats/prometheus-remote-write.js'
import { createRemoteWrite2Decoder } from '../../../src/ingest/formats/prometheus-remote-write-2.js'
import { DEFAULT_LIMITS } from '../../../src/ingest/limits.js'
import {
  ambari,
  collectd,
  graphite,
  lineProtocol,
  nativeBatch,
  otlpJson,
  otlpProtobuf,
  remoteWrite,
  remoteWrite2,
  type Sent,
} from './encode.js'
import { GOLDEN } from './golden.js'

export interface Format {
  name: string
  /** Which golden samples the format has a way to express. */
  expresses(sent: Sent): boolean
  encode(samples: readonly Sent[]): Uint8Array
  /** A fresh decoder with its own cache. */
  decoder(): (body: Uint8Array, context: DecodeContext) => void
}

const all = () => true
const only = (labels: object, names: string[]) => Object.keys(labels).every((name) => names.includes(name))

/** Every decoder, for the suites that all of them must pass. */
export const FORMATS: Format[] = [
  {
    name: 'Influx line protocol',
    expresses: all,
    encode: lineProtocol,
    decoder: () => {
      const decode = createLineProtocolDecoder(DEFAULT_LIMITS)
      return (body, context) => decode(body, 'ns', context)
    },
  },
  {
    name: 'Prometheus remote write 1.0',
    expresses: all,
    encode: (samples) => remoteWrite(samples),
    decoder: () => createRemoteWriteDecoder(DEFAULT_LIMITS),
  },
  {
    name: 'Prometheus remote write 2.0',
    expresses: all,
    encode: (samples) => remoteWrite2(samples),
    decoder: () => createRemoteWrite2Decoder(DEFAULT_LIMITS),
  },
  {
    name: 'Graphite plaintext with tags',
    expresses: ({ labels, metric }) =>
      (Object.keys(labels).length > 0 || !metric.includes('.')) &&
      !/[ ;]/.test(Object.values(labels).join('')),
    encode: graphite,
    decoder: () => createGraphiteDecoder(DEFAULT_LIMITS),
  },
  {
    name: 'Ambari metrics',
    expresses: ({ labels }) => only(labels, ['hostname', 'appid', 'instanceid']),
    encode: ambari,
    decoder: () => createAmbariDecoder(DEFAULT_LIMITS),
  },
  {
    name: 'collectd write_http',
    expresses: ({ labels }) => only(labels, ['host', 'plugin_instance', 'type_instance']),
    encode: collectd,
    decoder: () => createCollectdDecoder(DEFAULT_LIMITS),
  },
  {
    name: 'OTLP protobuf',
    expresses: all,
    encode: otlpProtobuf,
    decoder: () => createOtlpProtobufDecoder(DEFAULT_LIMITS, createOtlpSamples(DEFAULT_LIMITS)),
  },
  {
    name: 'OTLP JSON',
    expresses: all,
    encode: otlpJson,
    decoder: () => createOtlpJsonDecoder(DEFAULT_LIMITS, createOtlpSamples(DEFAULT_LIMITS)),
  },
  {
    name: 'native batch',
    expresses: all,
    encode: (samples) =>
      nativeBatch(
        samples.map((sent) => ({
          ...sent,
          ...GOLDEN.find((golden) => golden.sent === sent)!.stored,
          metric: sent.metric,
        })),
      ),
    decoder: () => createNativeDecoder(DEFAULT_LIMITS),
  },
]

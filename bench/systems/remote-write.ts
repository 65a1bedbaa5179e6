/** Where and how Prometheus remote write 1.0 is taken, the same by all of them. */
export const REMOTE_WRITE = {
  path: '/api/v1/write',
  headers: {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0',
  },
}

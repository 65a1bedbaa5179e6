/** An answer without its system's form: per series (`metric`, or `metric|host`) the value of each bucket. */
export type Answer = Map<string, Map<number, number>>

export interface QueryRequest {
  method: 'GET' | 'POST'
  path: string
  headers?: Record<string, string>
  body?: Uint8Array
}

/** Adds one value; `bucket` is the start of the bucket in seconds, 0 for queries without buckets. */
export function addValue(answer: Answer, series: string, bucket: number, value: number): void {
  const values = answer.get(series)
  if (values) values.set(bucket, value)
  else answer.set(series, new Map([[bucket, value]]))
}

/** How two answers differ, in words; undefined when they are equal up to rounding (1e-9 of the value). */
export function difference(ours: Answer, theirs: Answer): string | undefined {
  if (ours.size !== theirs.size) return `${ours.size} series against ${theirs.size}`
  for (const [series, values] of ours) {
    const others = theirs.get(series)
    if (!others) return `no series ${series} on the other side (there: ${[...theirs.keys()].slice(0, 3)})`
    if (values.size !== others.size) return `${series}: ${values.size} buckets against ${others.size}`
    for (const [bucket, value] of values) {
      const other = others.get(bucket)
      if (other === undefined || Math.abs(value - other) > 1e-9 * Math.max(1, Math.abs(value)))
        return `${series} at ${new Date(bucket * 1000).toISOString()}: ${value} against ${other}`
    }
  }
  return undefined
}

export function countValues(answer: Answer): number {
  let count = 0
  for (const values of answer.values()) count += values.size
  return count
}

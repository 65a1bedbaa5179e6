/** What is made of neighbouring values: of [start, end), of which there is at least one. */
export type Reduce = (values: Float64Array, start: number, end: number) => number

/** From so many values on four are taken side by side, for each waits for the one before. */
const MANY = 16

export const sumOf: Reduce = (values, start, end) => {
  let a = values[start] as number
  let i = start + 1
  if (end - start >= MANY) {
    let b = values[i] as number
    let c = values[i + 1] as number
    let d = values[i + 2] as number
    const last = end - 3
    for (i = start + 4; i < last; i += 4) {
      a += values[i] as number
      b += values[i + 1] as number
      c += values[i + 2] as number
      d += values[i + 3] as number
    }
    a += b + (c + d)
  }
  for (; i < end; i++) a += values[i] as number
  return a
}

export const minOf: Reduce = (values, start, end) => {
  let a = values[start] as number
  let i = start + 1
  if (end - start >= MANY) {
    let b = values[i] as number
    let c = values[i + 1] as number
    let d = values[i + 2] as number
    const last = end - 3
    for (i = start + 4; i < last; i += 4) {
      a = (values[i] as number) < a ? (values[i] as number) : a
      b = (values[i + 1] as number) < b ? (values[i + 1] as number) : b
      c = (values[i + 2] as number) < c ? (values[i + 2] as number) : c
      d = (values[i + 3] as number) < d ? (values[i + 3] as number) : d
    }
    a = Math.min(a, b, c, d)
  }
  for (; i < end; i++) a = (values[i] as number) < a ? (values[i] as number) : a
  return a
}

export const maxOf: Reduce = (values, start, end) => {
  let a = values[start] as number
  let i = start + 1
  if (end - start >= MANY) {
    let b = values[i] as number
    let c = values[i + 1] as number
    let d = values[i + 2] as number
    const last = end - 3
    for (i = start + 4; i < last; i += 4) {
      a = (values[i] as number) > a ? (values[i] as number) : a
      b = (values[i + 1] as number) > b ? (values[i + 1] as number) : b
      c = (values[i + 2] as number) > c ? (values[i + 2] as number) : c
      d = (values[i + 3] as number) > d ? (values[i + 3] as number) : d
    }
    a = Math.max(a, b, c, d)
  }
  for (; i < end; i++) a = (values[i] as number) > a ? (values[i] as number) : a
  return a
}

export const lastOf: Reduce = (values, _start, end) => values[end - 1] as number

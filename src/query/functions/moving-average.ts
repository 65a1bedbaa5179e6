import { type Points, pointsOf } from './points.js'

/**
 * Mean over the trailing window of `seconds`: of the points later than t − seconds, up to t. At the start of the stream
 * the window holds fewer points.
 */
export function movingAverage(points: Points, seconds: number): Points {
  const { times, values, start, end } = points
  const out = new Float64Array(end - start)
  const window = seconds * 1000
  let first = start
  // Neumaier's sum: a running sum that forgets a huge value again without a trace of it.
  let sum = 0
  let lost = 0
  const add = (value: number) => {
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  for (let i = start; i < end; i++) {
    add(values[i] as number)
    const oldest = (times[i] as number) - window
    while (first < i && (times[first] as number) <= oldest) add(-(values[first++] as number))
    if (first === i) {
      sum = values[i] as number
      lost = 0
    }
    out[i - start] = (sum + lost) / (i - first + 1)
  }
  return pointsOf(start === 0 ? times : times.subarray(start, end), out)
}

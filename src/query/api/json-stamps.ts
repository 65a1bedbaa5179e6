import { isoTime } from './iso.js'

const BEFORE = ',"type":"SAMPLE"},{"timestamp":"'
const AFTER = '","value":'
/** What stands before the first point's part. */
const ALONE = ',"type":"SAMPLE"},'.length
/** Points whose texts are kept. */
const MOST = 4_096

/** What stands between the values of neighbouring points, ready as bytes: streams mostly share their times. */
export class JsonStamps {
  readonly #times: number[] = []
  readonly #texts: Uint8Array[] = []
  #first = new Uint8Array(0)

  /** The end of the point before, and the beginning of the `place`th point of a stream; valid until the next call. */
  between(place: number, time: number): Uint8Array {
    const i = place < MOST ? place : place % MOST
    if (this.#times[i] !== time) this.#put(i, time)
    return this.#texts[i] as Uint8Array
  }

  /** The beginning of a stream's first point. */
  first(time: number): Uint8Array {
    this.between(0, time)
    return this.#first
  }

  #put(i: number, time: number): void {
    const stamp = isoTime(time)
    const known = this.#texts[i]
    if (known?.length === BEFORE.length + stamp.length + AFTER.length)
      for (let c = 0; c < stamp.length; c++) known[BEFORE.length + c] = stamp.charCodeAt(c)
    else {
      const text = Buffer.from(BEFORE + stamp + AFTER)
      this.#texts[i] = text
      if (i === 0) this.#first = text.subarray(ALONE)
    }
    this.#times[i] = time
  }
}

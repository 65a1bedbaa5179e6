import { dayText, isoTime } from './iso.js'

const BEFORE = ',"type":"SAMPLE"},{"timestamp":"'
const AFTER = '","value":'
/** What stands before the first point's part. */
const ALONE = ',"type":"SAMPLE"},'.length
/** Points whose texts are kept. */
const MOST = 4_096

const DAY = 86_400_000
/** From here on a year has more than four digits. */
const LAST = Date.UTC(10_000, 0, 1)
const DATE = BEFORE.length
const CLOCK = DATE + '2026-01-01T'.length
const TEXT = Buffer.from(`${BEFORE}0000-00-00T00:00:00.000Z${AFTER}`)
const ZERO = 48

/**
 * What stands between the values of neighbouring points, ready as bytes: streams mostly share their times. One is enough for all
 * answers: a text is used before the next one is asked for.
 */
export class JsonStamps {
  readonly #times: number[] = []
  readonly #days: number[] = []
  readonly #texts: Uint8Array[] = []
  #first: Uint8Array = new Uint8Array(0)

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
    const before = this.#texts[i]
    let text = before
    if (!(time >= 0 && time < LAST)) {
      text = Buffer.from(BEFORE + isoTime(time) + AFTER)
      this.#days[i] = Number.NaN
    } else {
      if (text?.length !== TEXT.length) {
        text = Uint8Array.from(TEXT)
        this.#days[i] = Number.NaN
      }
      const day = Math.floor(time / DAY)
      if (this.#days[i] !== day) {
        const date = dayText(day)
        for (let c = 0; c < date.length; c++) text[DATE + c] = date.charCodeAt(c)
        this.#days[i] = day
      }
      putClock(text, (time - day * DAY) | 0)
    }
    this.#times[i] = time
    if (text === before) return
    this.#texts[i] = text
    if (i === 0) this.#first = text.subarray(ALONE)
  }
}

/** `HH:MM:SS.mmm` of whole milliseconds of a day, digit by digit: a string in between would take longer than all else. */
function putClock(text: Uint8Array, ms: number): void {
  const seconds = (ms / 1000) | 0
  const minutes = (seconds / 60) | 0
  const hour = (minutes / 60) | 0
  putTwo(text, CLOCK, hour)
  putTwo(text, CLOCK + 3, minutes - hour * 60)
  putTwo(text, CLOCK + 6, seconds - minutes * 60)
  const rest = ms - seconds * 1000
  const hundreds = (rest / 100) | 0
  text[CLOCK + 9] = ZERO + hundreds
  putTwo(text, CLOCK + 10, rest - hundreds * 100)
}

function putTwo(text: Uint8Array, at: number, value: number): void {
  const tens = (value / 10) | 0
  text[at] = ZERO + tens
  text[at + 1] = ZERO + value - tens * 10
}

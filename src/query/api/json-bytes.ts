const FIRST_BYTES = 4_096
const ASCII = { minus: 45, point: 46, zero: 48 } as const
/** Below this a count of thousandths has at most 15 digits, which no two doubles share. */
const MOST_THOUSANDTHS = 1e15
const ENTRIES = 8_192
const ENTRY_BYTES = 32

/** Texts of doubles that were written lately: most metrics have few values, and V8 takes 0.1 µs to find the shortest digits. */
const known = new Float64Array(ENTRIES).fill(Number.NaN)
const lengths = new Uint8Array(ENTRIES)
const digits = new Uint8Array(ENTRIES * ENTRY_BYTES)
const double = new Float64Array(1)
const words = new Uint32Array(double.buffer)
/** Digits of a whole number, backwards. */
const reversed = new Uint8Array(20)

/** UTF-8 bytes of JSON, put together without strings in between; `take()` empties it. */
export class JsonBytes {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  length = 0

  /** Any text, as it is. */
  text(text: string): void {
    this.reserve(3 * text.length)
    this.length += this.#bytes.write(text, this.length, 'utf8')
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** A number as `JSON.stringify` writes a finite one. */
  number(value: number): void {
    this.reserve(ENTRY_BYTES)
    const thousandths = Math.round(value * 1000)
    if (thousandths / 1000 === value && Math.abs(thousandths) < MOST_THOUSANDTHS) this.#decimal(thousandths)
    else this.#double(value)
  }

  /** Makes room for so many bytes. */
  reserve(count: number): void {
    const needed = this.length + count
    if (needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes.subarray(0, this.length))
    this.#bytes = grown
  }

  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.subarray(0, this.length)
    // Who took much takes as much again.
    this.#bytes = this.length < 65_536 ? Buffer.alloc(0) : Buffer.allocUnsafeSlow(this.length + 16_384)
    this.length = 0
    return taken as Uint8Array as Uint8Array<ArrayBuffer>
  }

  /** A number of at most three decimals and 15 digits: those digits are the shortest that give it back. */
  #decimal(thousandths: number): void {
    const bytes = this.#bytes
    let at = this.length
    if (thousandths < 0) bytes[at++] = ASCII.minus
    const all = Math.abs(thousandths)
    let whole = Math.floor(all / 1000)
    const rest = all - whole * 1000
    let count = 0
    do {
      const next = Math.floor(whole / 10)
      reversed[count++] = ASCII.zero + (whole - next * 10)
      whole = next
    } while (whole > 0)
    while (count > 0) bytes[at++] = reversed[--count] as number
    if (rest > 0) {
      const first = Math.floor(rest / 100)
      const second = Math.floor(rest / 10) % 10
      const third = rest % 10
      bytes[at++] = ASCII.point
      bytes[at++] = ASCII.zero + first
      if (second > 0 || third > 0) bytes[at++] = ASCII.zero + second
      if (third > 0) bytes[at++] = ASCII.zero + third
    }
    this.length = at
  }

  #double(value: number): void {
    double[0] = value
    const hash = Math.imul((words[0] as number) ^ ((words[1] as number) * 31), 0x9e3779b1) >>> 19
    const entry = hash * ENTRY_BYTES
    if (known[hash] !== value) {
      const text = String(value)
      known[hash] = value
      lengths[hash] = text.length
      for (let i = 0; i < text.length; i++) digits[entry + i] = text.charCodeAt(i)
    }
    const length = lengths[hash] as number
    const bytes = this.#bytes
    const at = this.length
    for (let i = 0; i < length; i++) bytes[at + i] = digits[entry + i] as number
    this.length = at + length
  }
}

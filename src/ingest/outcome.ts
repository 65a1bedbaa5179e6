import { MalformedBodyError } from './errors.js'
import type { IngestLimits } from './limits.js'

/** Why something a sender sent was not stored. The sender is told. */
export type Reason =
  | 'syntax'
  | 'encoding'
  | 'name'
  | 'label-count'
  | 'label-length'
  | 'label-duplicate'
  | 'value'
  | 'time-future'
  | 'time-past'
  | 'catalogue-limit'
  | 'unsupported'

/** What the format's rule leaves out without an error, because every well-behaved sender sends it. */
export type Skip = 'stale' | 'nan' | 'string' | 'exemplar' | 'late'

export interface Refusal {
  reason: Reason
  /** What was wrong, in words. */
  detail: string
  /** 1-based: the line, or the series' position in the request. */
  position: number
  /** Byte offset in the (decompressed) body. */
  offset: number
  /** How the refused item begins, made printable; at most 80 bytes of it. */
  excerpt: string
}

const EXCERPT_BYTES = 80
const printable = new TextDecoder('utf-8')

/** What became of one request, apart from what was stored. Costs nothing per good sample; lists are bounded. */
export class Outcome {
  refused = 0
  readonly byReason = new Map<Reason, number>()
  readonly list: Refusal[] = []
  readonly skipped = new Map<Skip, number>()
  /** Samples whose time was missing and became the time of arrival. */
  timesMissing = 0
  readonly #limits: Pick<IngestLimits, 'listedRefusals' | 'refusals'>

  constructor(limits: Pick<IngestLimits, 'listedRefusals' | 'refusals'>) {
    this.#limits = limits
  }

  /**
   * Counts `count` refused items; the text is only made for those that the answer will list. Throws `MalformedBodyError` when
   * they are more than `refusals`: rubbish without end would take time without end.
   */
  refuse(
    reason: Reason,
    detail: string,
    position: number,
    body: Uint8Array,
    start: number,
    end: number,
    count = 1,
  ): void {
    this.refused += count
    this.byReason.set(reason, (this.byReason.get(reason) ?? 0) + count)
    if (this.list.length < this.#limits.listedRefusals) {
      const excerpt = excerptOf(body.subarray(start, Math.min(end, start + EXCERPT_BYTES)))
      this.list.push({ reason, detail, position, offset: start, excerpt })
    }
    if (this.refused > this.#limits.refusals) {
      const first = this.list[0]
      const why = first === undefined ? detail : `${first.detail}: ${JSON.stringify(first.excerpt)}`
      throw new MalformedBodyError(
        `given up after ${this.#limits.refusals} refusals (limit refusals); the first: ${why}`,
        first?.offset ?? start,
      )
    }
  }

  skip(what: Skip, count = 1): void {
    this.skipped.set(what, (this.skipped.get(what) ?? 0) + count)
  }
}

/** Control characters and broken UTF-8 must reach neither a terminal nor a log. */
export function excerptOf(bytes: Uint8Array): string {
  return printable.decode(bytes).replace(/[\p{Cc}\p{Cf}]/gu, '·')
}

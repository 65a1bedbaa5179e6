/**
 * Tells when large inserts come so densely that merges beside them would hold them up, and when that is over.
 * Figures: docs/decisions/0034-line-protocol-in-webassembly.md.
 */
export interface Bursts {
  /** An insert of so many rows has ended, and took so long. */
  inserted(rows: number, tookMs: number): void
  readonly isBurst: boolean
  stop(): void
}

export interface BurstOptions {
  /** Smaller inserts do not count: the more of them there are, the more they need merging. */
  largeRows: number
  onChange: (isBurst: boolean) => void
  /** Milliseconds; default `performance.now`. */
  clock?: () => number
}

/** The share of the time in which large inserts run, over about `SPAN_MS`; two at a time count twice. */
const BEGINS_AT = 0.3
const ENDS_AT = 0.15
const SPAN_MS = 150
/** Without a large insert for so long it is over. */
const QUIET_MS = 500

export function createBursts({ largeRows, onChange, clock = () => performance.now() }: BurstOptions): Bursts {
  let share = 0
  let before = 0
  let isBurst = false
  let timer: NodeJS.Timeout | undefined

  const change = (to: boolean) => {
    if (isBurst === to) return
    isBurst = to
    onChange(to)
  }
  const end = () => {
    timer = undefined
    const left = before + QUIET_MS - clock()
    if (left > 0) timer = setTimeout(end, left).unref()
    else change(false)
  }

  return {
    inserted(rows, tookMs) {
      if (rows < largeRows) return
      const now = clock()
      share = share * Math.exp((before - now) / SPAN_MS) + 1 - Math.exp(-tookMs / SPAN_MS)
      before = now
      if (share >= BEGINS_AT) change(true)
      else if (share < ENDS_AT) change(false)
      if (isBurst) timer ??= setTimeout(end, QUIET_MS).unref()
    },
    get isBurst() {
      return isBurst
    },
    stop() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}

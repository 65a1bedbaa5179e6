/** How the writer times and sizes its inserts. Figures: docs/decisions/0003-metrics-store-layout.md. */
export interface WriterTuning {
  /** Longest wait of a sample for its insert to begin, milliseconds. */
  commitMs: number
  /** Rows at which an insert is complete. One batch is never divided, so an insert may be larger. */
  commitRows: number
  /** Rows from which an insert does not wait for more while fewer than `parallel` are under way: worth its cost. */
  eagerRows: number
  /**
   * Rows from which an insert waits only until the engine has been idle as long as the last insert took (and `minMs` at
   * least): senders that wait for their answer before they send on get it soon, and inserts take half the time at most.
   * Half as many rows wait four times as long, and so on up to `commitMs`: the fewer rows, the dearer each.
   */
  smallRows: number
  /** Shortest time between the starts of two such inserts, milliseconds. */
  minMs: number
  /** Inserts at the same time. */
  parallel: number
  /** How long a failing insert is tried again, milliseconds; then its callers are told. */
  retryMs: number
  firstRetryMs: number
  /** How long senders are turned away after that, before one of them tries the store again. */
  downMs: number
  /** How many stored batches are remembered. */
  batches: number
}

export const DEFAULT_TUNING: Readonly<WriterTuning> = {
  commitMs: 250,
  commitRows: 256 * 1024,
  eagerRows: 64 * 1024,
  smallRows: 8 * 1024,
  minMs: 25,
  parallel: 2,
  retryMs: 10_000,
  firstRetryMs: 50,
  downMs: 2_000,
  batches: 250_000,
}

/** How the writer times and sizes its inserts. Figures: docs/decisions/0003-metrics-store-layout.md. */
export interface WriterTuning {
  /** Longest wait of a sample for its insert to begin, milliseconds. */
  commitMs: number
  /** Rows at which an insert is complete. One batch is never divided, so an insert may be larger. */
  commitRows: number
  /** Rows from which an insert does not wait for more when no other is under way: large enough to be worth its cost. */
  eagerRows: number
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
  parallel: 2,
  retryMs: 10_000,
  firstRetryMs: 50,
  downMs: 2_000,
  batches: 250_000,
}

/** The answer of `GET /api/v45/timeseries/cardinality`: how many series there are, where they come from, what was refused. */
export interface CardinalityAnswer {
  metrics: number
  entities: number
  series: number
  /** Lists are sorted, largest first. */
  topMetrics: { name: string; series: number }[]
  topSenders: { sender: string; series: number }[]
  topCategories: { category: string; entities: number; series: number }[]
  /** Attributes by the number of their values; `series` have the attribute. */
  topAttributes: { attribute: string; values: number; series: number }[]
  limits: { series: number; seriesPerSender: number; entities: number; metrics: number }
  /** Since the monitor's start. */
  refused: {
    samples: number
    reasons: { reason: string; samples: number }[]
    /** Of senders that had something refused, those with the most. `lastSeen`: milliseconds since the epoch. */
    senders: { sender: string; protocol: string; refused: number; stored: number; lastSeen: number }[]
  }
}

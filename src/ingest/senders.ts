export interface SenderFigures {
  sender: string
  protocol: string
  requests: number
  samples: number
  refused: number
  bytes: number
  /** Milliseconds since the epoch. */
  lastSeen: number
}

/** What each sender has sent since the start, for the page of senders. Bounded: the one quiet for longest makes room. */
export interface Senders {
  count(sender: string, protocol: string, samples: number, refused: number, bytes: number): void
  list(): SenderFigures[]
  /** True once a minute per sender: whether to log about it. */
  mayLog(sender: string, protocol: string): boolean
}

const LOG_EVERY_MS = 60_000

export function createSenders(most: number, now: () => number = Date.now): Senders {
  // A Map keeps the order of insertion, so re-inserting makes it least-recently-used first.
  const senders = new Map<string, SenderFigures & { loggedAt: number }>()
  const find = (sender: string, protocol: string) => {
    const key = `${protocol} ${sender}`
    let figures = senders.get(key)
    if (figures === undefined) {
      if (senders.size >= most) senders.delete(senders.keys().next().value!)
      figures = { sender, protocol, requests: 0, samples: 0, refused: 0, bytes: 0, lastSeen: 0, loggedAt: 0 }
    } else senders.delete(key)
    senders.set(key, figures)
    return figures
  }
  return {
    count(sender, protocol, samples, refused, bytes) {
      const figures = find(sender, protocol)
      figures.requests++
      figures.samples += samples
      figures.refused += refused
      figures.bytes += bytes
      figures.lastSeen = now()
    },
    list: () => [...senders.values()].map(({ loggedAt: _, ...figures }) => figures),
    mayLog(sender, protocol) {
      const figures = find(sender, protocol)
      if (now() - figures.loggedAt < LOG_EVERY_MS) return false
      figures.loggedAt = now()
      return true
    },
  }
}

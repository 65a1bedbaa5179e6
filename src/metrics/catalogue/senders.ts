/** Senders by small numbers, with how many series each has brought. Beyond 65,535 of them the rest share one number. */
export interface Senders {
  /** Registers the sender when it is new. */
  indexOf(name: string): number
  nameOf(index: number): string
  seriesOf(index: number): number
  count(index: number, by?: number): void
  all(): { sender: string; series: number }[]
}

const OTHERS = 0xffff
const MAX_NAME = 200

export function createSenders(): Senders {
  const names: string[] = []
  const indexes = new Map<string, number>()
  const series = new Uint32Array(OTHERS + 1)
  return {
    indexOf(name) {
      const short = name.length > MAX_NAME ? name.slice(0, MAX_NAME) : name
      let index = indexes.get(short)
      if (index === undefined) {
        if (names.length >= OTHERS) return OTHERS
        index = names.length
        names.push(short)
        indexes.set(short, index)
      }
      return index
    },
    nameOf: (index) => (index === OTHERS ? '(others)' : names[index]!),
    seriesOf: (index) => series[index]!,
    count: (index, by = 1) => {
      series[index]! += by
    },
    all: () => names.map((sender, index) => ({ sender, series: series[index]! })),
  }
}

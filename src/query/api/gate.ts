import { QueryError } from '../errors.js'

/** Lets so many queries run at a time; others wait in order, and too many are sent away. */
export class Gate {
  #running = 0
  readonly #waiting: (() => void)[] = []
  readonly #most: number
  readonly #mostWaiting: number

  constructor(most: number, mostWaiting: number) {
    this.#most = most
    this.#mostWaiting = mostWaiting
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Resolves when it is this one's turn, with what ends the turn. */
  async enter(signal: AbortSignal): Promise<() => void> {
    if (this.#running >= this.#most) {
      if (this.#waiting.length >= this.#mostWaiting)
        throw new QueryError('STORE_UNAVAILABLE', 'Too many queries are waiting already; try again soon.')
      await new Promise<void>((resolve, reject) => {
        const turn = () => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        }
        const onAbort = () => {
          this.#waiting.splice(this.#waiting.indexOf(turn), 1)
          reject(signal.reason)
        }
        signal.addEventListener('abort', onAbort, { once: true })
        this.#waiting.push(turn)
      })
    } else this.#running++
    let left = false
    return () => {
      if (left) return
      left = true
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}

/** Too much is being worked on already: the sender should keep its batch and come back. */
export class BusyError extends Error {
  override name = 'BusyError'
  readonly retryAfterSeconds = 1
}

/** The bytes that one request holds at the moment. */
export interface Lease {
  /** Takes more. Throws `BusyError` when all requests together would pass the bound. */
  take(bytes: number): void
  /** Gives some back. */
  give(bytes: number): void
  /** Gives everything back; may be called twice. */
  release(): void
}

/** The bound on the memory of requests: bodies while they arrive and are decoded, columns until they are stored. */
export interface Admission {
  readonly bytes: number
  open(): Lease
}

export function createAdmission(maxBytes: number): Admission {
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    open() {
      let held = 0
      return {
        take(more) {
          if (bytes + more > maxBytes)
            throw new BusyError(
              `${bytes} bytes of requests are being worked on, at most ${maxBytes} at a time (limit inFlightBytes)`,
            )
          bytes += more
          held += more
        },
        give(less) {
          const given = Math.min(less, held)
          bytes -= given
          held -= given
        },
        release() {
          bytes -= held
          held = 0
        },
      }
    },
  }
}

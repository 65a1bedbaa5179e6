/** Too much is being worked on already: the sender should keep its batch and come back. */
export class BusyError extends Error {
  override name = 'BusyError'
  readonly retryAfterSeconds = 1
}

/** The bytes that one request holds at the moment. */
export interface Lease {
  /** Takes more. Throws `BusyError` when all requests together, or those of its owner, would pass the bound. */
  take(bytes: number): void
  /** Gives some back. */
  give(bytes: number): void
  /** Gives everything back; may be called twice. */
  release(): void
}

/** The bound on the memory of requests: bodies while they arrive and are decoded, columns until they are stored. */
export interface Admission {
  readonly bytes: number
  /**
   * `owner`: the address that the request comes from. The requests of one owner get half of the memory at the most, so that who
   * sends slowly over many connections does not keep others out; one that is alone gets what it needs.
   */
  open(owner?: string): Lease
}

export function createAdmission(maxBytes: number): Admission {
  const mostOfOwner = maxBytes / 2
  const owners = new Map<string, number>()
  let bytes = 0
  return {
    get bytes() {
      return bytes
    },
    open(owner) {
      let held = 0
      const add = (more: number) => {
        bytes += more
        held += more
        if (owner === undefined) return
        const now = (owners.get(owner) ?? 0) + more
        if (now > 0) owners.set(owner, now)
        else owners.delete(owner)
      }
      return {
        take(more) {
          if (bytes + more > maxBytes)
            throw new BusyError(
              `${bytes} bytes of requests are being worked on, at most ${maxBytes} at a time (limit inFlightBytes)`,
            )
          const others = owner === undefined ? 0 : (owners.get(owner) ?? 0) - held
          if (others > 0 && others + held + more > mostOfOwner)
            throw new BusyError(
              `${others + held} bytes of requests from ${owner} are being worked on, at most ${mostOfOwner} at a time (half of the limit inFlightBytes)`,
            )
          add(more)
        },
        give(less) {
          add(-Math.min(less, held))
        },
        release() {
          add(-held)
        },
      }
    },
  }
}

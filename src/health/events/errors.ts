/** A query of `/events` that cannot be read: what is wrong, and where in its text. */
export class EventQueryError extends Error {
  override name = 'EventQueryError'
  readonly offset: number
  readonly length: number
  constructor(message: string, offset: number, length: number) {
    super(message)
    this.offset = offset
    this.length = length
  }
}

/** Events wait for the store, and there is no room for more; the sender keeps its own. */
export class EventsFullError extends Error {
  override name = 'EventsFullError'
}

/** The store did not take or give events: it is away, or refuses. */
export class EventStoreError extends Error {
  override name = 'EventStoreError'
}

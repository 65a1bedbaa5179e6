/** The body as a whole cannot be read (broken protobuf, JSON, header, nothing but rubbish): 400, and nothing of it is stored. */
export class MalformedBodyError extends Error {
  override name = 'MalformedBodyError'
  readonly offset: number
  constructor(message: string, offset: number, options?: ErrorOptions) {
    super(`${message} (at byte ${offset})`, options)
    this.offset = offset
  }
}

/** A request as a whole passes a limit: 413, nothing of it is stored, and the sender should split it. */
export class RequestTooLargeError extends Error {
  override name = 'RequestTooLargeError'
}

/** Frames of the control channel: four bytes of length, little endian, then JSON. */

export const MAX_FRAME_BYTES = 8 * 1024 * 1024

export function encodeFrame(message: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(message))
  if (json.length > MAX_FRAME_BYTES) throw new RangeError('a control message may have 8 MiB at most')
  const out = Buffer.allocUnsafe(4 + json.length)
  out.writeUInt32LE(json.length, 0)
  json.copy(out, 4)
  return out
}

/** Feeds chunks in, gets messages out. Throws RangeError or SyntaxError for what is no frame: the connection is then of no use. */
export function createFrameReader(onMessage: (message: unknown) => void): (chunk: Buffer) => void {
  let pending: Buffer[] = []
  let size = 0
  return (chunk) => {
    pending.push(chunk)
    size += chunk.length
    while (size >= 4) {
      if (pending[0]!.length < 4) pending = [Buffer.concat(pending)]
      const length = pending[0]!.readUInt32LE(0)
      if (length > MAX_FRAME_BYTES) throw new RangeError(`a control message of ${length} bytes`)
      if (size < 4 + length) return
      const all = pending.length === 1 ? pending[0]! : Buffer.concat(pending)
      pending = [all.subarray(4 + length)]
      size -= 4 + length
      onMessage(JSON.parse(all.toString('utf8', 4, 4 + length)))
    }
  }
}

/**
 * Tries places one after another until one does. Each gets its share of the time that is left, so that one that hangs does not
 * cost the others their chance. Rejects with what every one of them said.
 */
export async function inTurn(
  places: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
  work: (place: string, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const end = performance.now() + timeoutMs
  const reasons: string[] = []
  for (const [i, place] of places.entries()) {
    signal.throwIfAborted()
    const share = Math.max(1, Math.floor((end - performance.now()) / (places.length - i)))
    const own = AbortSignal.timeout(share)
    try {
      await work(place, AbortSignal.any([signal, own]))
      return
    } catch (error) {
      if (signal.aborted) throw error
      reasons.push(`${place}: ${own.aborted ? `no answer within ${share} ms` : messageOf(error)}`)
    }
  }
  throw new Error(reasons.join('; ') || 'there is nobody to ask')
}

export function messageOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException
  return message || code || String(error)
}

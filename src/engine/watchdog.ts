const MISSES = 6

/**
 * Asks `url`/ping every `intervalMs`, and calls `onHang` once after six misses in a row: a process that lives but no
 * longer answers (a deadlock, a stop signal) is as bad as a dead one. The returned function ends the watch.
 */
export function watchAnswers(url: string, intervalMs: number, onHang: () => void): () => void {
  let misses = 0
  let asking = false
  const timer = setInterval(async () => {
    if (asking) return
    asking = true
    const answered = await ping(url, intervalMs)
    asking = false
    misses = answered ? 0 : misses + 1
    if (misses === MISSES) {
      clearInterval(timer)
      onHang()
    }
  }, intervalMs)
  timer.unref()
  return () => clearInterval(timer)
}

async function ping(url: string, timeoutMs: number): Promise<boolean> {
  try {
    const response = await fetch(`${url}/ping`, {
      headers: { Connection: 'close' },
      signal: AbortSignal.timeout(timeoutMs),
    })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}

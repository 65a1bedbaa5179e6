/** The server's time: a browser's clock may be minutes off, and `now` in a query means the server's. */

let offsetMs = 0

/** Learns from an answer's Date header, which has whole seconds: small differences are left alone. */
export function observeServerDate(header: string | null, now: number): void {
  const date = Date.parse(header ?? '')
  if (!Number.isFinite(date)) return
  const difference = date + 500 - now
  offsetMs = Math.abs(difference) > 5000 ? difference : 0
}

/** Milliseconds since the epoch by the server's clock. */
export const serverNow = () => Date.now() + offsetMs

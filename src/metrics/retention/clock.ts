/**
 * The time by which old data is dropped. It follows the time of day, but runs at most `FASTEST` times as fast as the
 * monotonic clock, and stands still while no monitor runs. So when the time of day jumps ahead by years, three days more
 * than usual are dropped in a day, not everything at once, and the log says so all the while; after a long pause the
 * time is caught up with slowly, which only costs disk. When the time of day goes back, so does this.
 */
export const FASTEST = 4

/** Beyond this the clock is said to have jumped. */
export const JUMP_MS = 3_600_000

/** `before`: undefined in a new database. `elapsedMs`: by the monotonic clock, since `before` was computed; 0 at a start. */
export function retentionTime(before: number | undefined, elapsedMs: number, timeOfDay: number): number {
  if (before === undefined) return timeOfDay
  return Math.min(timeOfDay, before + FASTEST * elapsedMs)
}

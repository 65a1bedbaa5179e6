/**
 * The samples of one metric in one stretch of time, each series in a region of its own: its times ascend, and what is
 * stored once is never changed, so that readers may keep a reference to [start, end) of it. A late sample, or another
 * value for a time that is there, moves the region to a new place.
 */
export interface Regions {
  /** Milliseconds since the epoch. */
  readonly times: Float64Array
  /** Finite numbers. */
  readonly values: Float64Array
  /** By slot: where the region begins and ends; both 0 where there is none. May be shorter than the number of slots. */
  readonly starts: Uint32Array
  readonly ends: Uint32Array
}

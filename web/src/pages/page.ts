/** What every page gets from the frame around it, and gives back to it. */

import { ApiError } from '../api/errors.js'
import type { Liveness } from '../components/time-controls.js'
import { isLive, type TimeRange } from '../state/time.js'
import type { Hold } from '../state/use-hold.js'
import type { Poll } from '../state/use-poll.js'
import type { Navigate } from '../state/use-view.js'
import type { ViewState } from '../state/view.js'

/** What the frame's controls show of how a page loads. */
export type PagePoll = Pick<Poll, 'loading' | 'error' | 'retryAt' | 'run'>

export interface PageProps {
  readonly view: ViewState
  readonly navigate: Navigate
  readonly range: TimeRange
  /** 0 for a range that does not end now: nothing new comes into it. */
  readonly refreshMs: number
  readonly hold: Hold
  /** Told at every change, so that the frame's controls show it. */
  readonly onPoll: (poll: PagePoll) => void
}

/** The error of a poll as one of the API's; anything else is a defect of ours and is said as such. */
export function apiError(poll: { readonly error: unknown }): ApiError | null {
  if (poll.error === null) return null
  if (poll.error instanceof ApiError) return poll.error
  return new ApiError(`This page failed: ${String(poll.error)}`, 500, 'PAGE')
}

/** Why a page does or does not refresh, the strongest reason first. */
export function livenessOf(
  view: ViewState,
  range: TimeRange,
  refresh: number,
  hold: Hold,
  away: boolean,
): Liveness {
  if (away) return 'away'
  if (!isLive(range)) return view.home === null ? 'fixed' : 'zoomed'
  if (refresh === 0) return 'paused'
  if (hold.hidden) return 'hidden'
  return hold.hovered ? 'held' : 'live'
}

import { useEffect, useState } from 'preact/hooks'
import type { ApiError } from '../api/errors.js'
import { explainError } from '../api/errors.js'
import { formatClock } from '../format/time.js'
import type { Polled } from '../state/use-polled.js'

interface BannerProps {
  readonly error: ApiError
  /** When what is on the screen arrived; null when there is nothing. */
  readonly loadedAt: number | null
  readonly retryAt: number | null
  readonly loading: boolean
  readonly utc: boolean
  readonly onRetry: () => void
}

/** What went wrong and what to do, once for the whole page. */
export function Banner({ error, loadedAt, retryAt, loading, utc, onRetry }: BannerProps) {
  const { title, advice } = explainError(error)
  const seconds = useCountdown(retryAt)
  return (
    <div class="banner" role="alert">
      <div>
        <strong>{title}</strong> {advice}
        {loadedAt !== null && (
          <span class="dim"> The charts show what was known at {formatClock(loadedAt, utc)}.</span>
        )}
      </div>
      <span class="spacer" />
      <span class="dim nowrap" aria-live="off">
        {loading ? 'Trying…' : retryAt === null ? '' : `Next try in ${seconds} s`}
      </span>
      <button type="button" class="button" onClick={() => onRetry()} disabled={loading}>
        Try now
      </button>
    </div>
  )
}

/** The banner of one poll. */
export function PollBanner({ error, poll, utc }: { error: ApiError; poll: Polled<unknown>; utc: boolean }) {
  return (
    <Banner
      error={error}
      loadedAt={poll.loadedAt}
      retryAt={poll.retryAt}
      loading={poll.loading}
      utc={utc}
      onRetry={poll.run}
    />
  )
}

function useCountdown(until: number | null): number {
  const [, tick] = useState(0)
  useEffect(() => {
    if (until === null) return
    const timer = setInterval(() => tick((n) => n + 1), 500)
    return () => clearInterval(timer)
  }, [until])
  return until === null ? 0 : Math.max(0, Math.ceil((until - Date.now()) / 1000))
}

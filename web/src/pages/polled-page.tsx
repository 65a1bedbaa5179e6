import type { ComponentChildren } from 'preact'
import { PollBanner } from '../components/banner.js'
import type { Polled } from '../state/use-polled.js'
import { apiError } from './page.js'

interface PolledPageProps<T> {
  readonly poll: Polled<T>
  readonly utc: boolean
  readonly title: string
  /** Beside the title. */
  readonly aside?: ComponentChildren
  /** Between the title and the answer; there while the answer is not. */
  readonly controls?: ComponentChildren
  /** Said until there is an answer or an error. */
  readonly waiting: string
  /** The page of an answer. */
  readonly children: (value: T) => ComponentChildren
}

/** A page of what is asked for again and again: what went wrong, its title, and the last good answer. */
export function PolledPage<T>({ poll, utc, title, aside, controls, waiting, children }: PolledPageProps<T>) {
  const error = apiError(poll)
  return (
    <main>
      {error && <PollBanner error={error} poll={poll} utc={utc} />}
      <div class="page-head">
        <h1>{title}</h1>
        {aside}
      </div>
      {controls}
      {poll.value !== null ? children(poll.value) : !error && <p class="dim loading">{waiting}</p>}
    </main>
  )
}

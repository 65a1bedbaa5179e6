import { useEffect, useMemo, useState } from 'preact/hooks'
import { soon } from '../api/ask.js'
import { serverNow } from '../api/clock.js'
import { fetchFormatted } from '../api/format.js'
import { earliestTime } from '../chart/stream.js'
import { PollBanner } from '../components/banner.js'
import { Editor } from '../components/editor.js'
import { ExportMenu } from '../components/export-menu.js'
import { Results } from '../components/results.js'
import { Beginning, Statements } from '../components/statements.js'
import { EXAMPLES } from '../dashboards/examples.js'
import { recentFromText, withRecent } from '../query/recent.js'
import { remember, remembered } from '../state/store.js'
import { absoluteRange, shownInterval, youngInterval } from '../state/time.js'
import { usePoll } from '../state/use-poll.js'
import { viewToSearch } from '../state/view.js'
import { apiError, type PageProps } from './page.js'

const NO_PROBLEMS: readonly never[] = []

/** The chart builder: a query, and its answer as charts or tables. */
export function ChartsPage({ view, navigate, range, refreshMs, hold, onPoll }: PageProps) {
  const [draft, setDraft] = useState(view.query)
  const [recent, setRecent] = useState(() => recentFromText(remembered('recent')))
  const query = view.query.trim() === '' ? null : view.query
  const poll = usePoll(query, range, view.utc, refreshMs, hold.hidden || hold.hovered, view.limit)
  useEffect(() => onPoll(poll), [poll.loading, poll.error, poll.value, poll.run])
  useEffect(() => setDraft(view.query), [view.query])

  const run = (text: string) => {
    setDraft(text)
    if (text.trim() === '') return
    const next = withRecent(recent, text)
    setRecent(next)
    remember('recent', JSON.stringify(next))
    if (text === view.query) poll.run()
    else navigate({ query: text, legends: {}, limit: null })
  }

  const format = async () => {
    const text = await fetchFormatted(draft, soon()).catch(() => null)
    // What cannot be read is run: the answer says where and why.
    if (text === null) run(draft)
    else setDraft(text)
  }

  const error = apiError(poll)
  const problems = error && draft === view.query ? error.problems : NO_PROBLEMS
  const answer = poll.value
  const marks = useMemo(() => answer?.items.flatMap((item) => item.marks) ?? NO_PROBLEMS, [answer])
  const warnings = !error && answer !== null && draft === answer.query ? marks : NO_PROBLEMS
  const asked = shownInterval(range, answer?.interval ?? null, serverNow())
  const interval = view.range === null ? youngInterval(asked, earliestTime(answer?.items ?? [])) : asked
  return (
    <main>
      <div class="builder">
        <Editor
          text={draft}
          onText={setDraft}
          onRun={run}
          problems={problems}
          warnings={warnings}
          recent={recent}
        />
        <div class="builder-row">
          <button type="button" class="button primary" onClick={() => run(draft)}>
            Run
          </button>
          <button
            type="button"
            class="button"
            title="The query in its usual spelling"
            disabled={draft.trim() === ''}
            onClick={format}
          >
            Format
          </button>
          <Statements name="Examples" items={EXAMPLES} onTake={run} />
          <Statements name="Recent" items={recent.map((text) => ({ title: '', query: text }))} onTake={run} />
          <span class="dim hint" id="query-hint">
            Enter runs · Shift+Enter new line · Ctrl+↑ ↓ recent
          </span>
          <span class="spacer" />
          {answer && (
            <ExportMenu
              query={answer.query}
              utc={view.utc}
              limit={view.limit}
              interval={answer.interval}
              fixedAddress={
                new URL(
                  viewToSearch({ ...view, range: absoluteRange(answer.interval), home: null }),
                  document.baseURI,
                ).href
              }
            />
          )}
        </div>
      </div>
      {error && problems.length === 0 && <PollBanner error={error} poll={poll} utc={view.utc} />}
      {query === null && <Beginning onTake={run} />}
      {answer && (
        <Results
          items={answer.items}
          elapsedMs={answer.elapsedMs}
          interval={interval}
          view={view}
          stale={error !== null}
          marked={warnings.length > 0}
          navigate={navigate}
        />
      )}
      {query !== null && !answer && !error && <p class="dim loading">Running…</p>}
    </main>
  )
}

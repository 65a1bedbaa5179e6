import { useEffect, useMemo, useState } from 'preact/hooks'
import { serverNow } from '../api/clock.js'
import type { AnswerItem } from '../api/timeseries.js'
import { facetOptions, splitByFacet } from '../chart/facets.js'
import { ALL_SHOWN } from '../chart/legend.js'
import { type ChartOptions, extentOf } from '../chart/model.js'
import { Banner } from '../components/banner.js'
import { ChartCard } from '../components/chart-card.js'
import { Editor } from '../components/editor.js'
import { ExportMenu } from '../components/export-menu.js'
import { Popover } from '../components/popover.js'
import { PointsTable, SummaryTable } from '../components/result-table.js'
import { EXAMPLES } from '../dashboards/examples.js'
import { formatCount } from '../format/units.js'
import { recentFromText, withRecent } from '../query/recent.js'
import { remember, remembered } from '../state/store.js'
import { absoluteRange, type Interval, shownInterval } from '../state/time.js'
import { usePoll } from '../state/use-poll.js'
import { type ChartView, type ViewState, viewToSearch } from '../state/view.js'
import { apiError, type PageProps } from './page.js'

const VIEWS: readonly { view: ChartView; label: string }[] = [
  { view: 'lines', label: 'Lines' },
  { view: 'stack', label: 'Stack' },
  { view: 'summary', label: 'Summary' },
  { view: 'points', label: 'Points' },
]
const NO_PROBLEMS: readonly never[] = []

/** The chart builder: a query, and its answer as charts or tables. */
export function ChartsPage({ view, navigate, range, refresh, hold, onPoll }: PageProps) {
  const [draft, setDraft] = useState(view.query)
  const [recent, setRecent] = useState(() => recentFromText(remembered('recent')))
  const query = view.query.trim() === '' ? null : view.query
  const poll = usePoll(query, range, refresh * 1000, hold.hidden || hold.hovered)
  useEffect(() => onPoll(poll), [poll.loading, poll.error, poll.value, poll.run])
  useEffect(() => setDraft(view.query), [view.query])

  const run = (text: string) => {
    setDraft(text)
    if (text.trim() === '') return
    const next = withRecent(recent, text)
    setRecent(next)
    remember('recent', JSON.stringify(next))
    if (text === view.query) poll.run()
    else navigate({ query: text, legends: {} })
  }

  const error = apiError(poll)
  const problems = error && draft === view.query ? error.problems : NO_PROBLEMS
  const answer = poll.value
  const interval = shownInterval(range, answer?.interval ?? null, serverNow())
  return (
    <main>
      <div class="builder">
        <Editor text={draft} onText={setDraft} onRun={run} problems={problems} recent={recent} />
        <div class="builder-row">
          <button type="button" class="button primary" onClick={() => run(draft)}>
            Run
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
      {error && problems.length === 0 && (
        <Banner
          error={error}
          loadedAt={poll.loadedAt}
          retryAt={poll.retryAt}
          loading={poll.loading}
          utc={view.utc}
          onRetry={poll.run}
        />
      )}
      {query === null && <Beginning onTake={run} />}
      {answer && (
        <Results
          items={answer.items}
          elapsedMs={answer.elapsedMs}
          interval={interval}
          view={view}
          stale={error !== null}
          navigate={navigate}
        />
      )}
      {query !== null && !answer && !error && <p class="dim loading">Running…</p>}
    </main>
  )
}

interface StatementsProps {
  readonly name: string
  readonly items: readonly { title: string; query: string }[]
  readonly onTake: (query: string) => void
}

function Statements({ name, items, onTake }: StatementsProps) {
  return (
    <Popover label={<>{name} ▾</>} name={name}>
      {(close) => (
        <ul class="statements">
          {items.length === 0 && <li class="dim">Nothing yet.</li>}
          {items.map(({ title, query }) => (
            <li key={query}>
              {title && <span>{title}</span>}
              <code>{query}</code>
              <button
                type="button"
                class="button"
                onClick={() => {
                  onTake(query)
                  close()
                }}
              >
                {name === 'Examples' ? 'Try it' : 'Run'}
              </button>
            </li>
          ))}
        </ul>
      )}
    </Popover>
  )
}

function Beginning({ onTake }: { onTake: (query: string) => void }) {
  return (
    <section class="beginning">
      <h2>Begin with one of these</h2>
      <ul class="statements">
        {EXAMPLES.map(({ title, query }) => (
          <li key={query}>
            <span>{title}</span>
            <code>{query}</code>
            <button type="button" class="button" onClick={() => onTake(query)}>
              Try it
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}

interface ResultsProps {
  readonly items: readonly AnswerItem[]
  readonly elapsedMs: number
  readonly interval: Interval
  readonly view: ViewState
  readonly stale: boolean
  readonly navigate: PageProps['navigate']
}

function Results({ items, elapsedMs, interval, view, stale, navigate }: ResultsProps) {
  const all = useMemo(() => items.flatMap((item) => item.streams), [items])
  const points = all.reduce((sum, { data }) => sum + data.times.length, 0)
  const options = useMemo(() => facetOptions(all), [all])
  // An attribute that no stream of this answer has makes no facets.
  const facet = options.some((option) => option.facet === view.facet) ? view.facet : 'combined'
  const rollups = [...new Set(all.map(({ data }) => data.metadata.rollupUsed))].join(', ').toLowerCase()
  const charts = view.view === 'lines' || view.view === 'stack'
  return (
    <>
      <div class="result-bar">
        <fieldset class="segments" aria-label="Shown as">
          {VIEWS.map(({ view: kind, label }) => (
            <button
              key={kind}
              type="button"
              aria-pressed={view.view === kind}
              onClick={() => navigate({ view: kind }, 'replace')}
            >
              {label}
            </button>
          ))}
        </fieldset>
        {charts && (
          <label>
            <span class="dim">Facets</span>{' '}
            <select
              class="button"
              value={facet}
              onChange={(event) => navigate({ facet: event.currentTarget.value, legends: {} }, 'replace')}
            >
              {options.map(({ facet, label, charts: count }) => (
                <option key={facet} value={facet}>
                  {label} ({count})
                </option>
              ))}
            </select>
          </label>
        )}
        {charts && facet !== 'combined' && (
          <label class="check">
            <input
              type="checkbox"
              checked={view.sameScale}
              onChange={(event) => navigate({ sameScale: event.currentTarget.checked }, 'replace')}
            />{' '}
            same scale
          </label>
        )}
        <span class="spacer" />
        <span class="dim">
          {formatCount(all.length)} {all.length === 1 ? 'stream' : 'streams'} · {formatCount(points)} points
          {rollups && ` · ${rollups}`} · {Math.round(elapsedMs)} ms
        </span>
      </div>
      {items.map((item, i) => (
        <Item
          key={i}
          item={item}
          place={i}
          several={items.length > 1}
          facet={facet}
          interval={interval}
          view={view}
          stale={stale}
          navigate={navigate}
        />
      ))}
    </>
  )
}

interface ItemProps extends Omit<ResultsProps, 'items' | 'elapsedMs'> {
  readonly item: AnswerItem
  readonly place: number
  readonly several: boolean
  readonly facet: string
}

const MOST_CHARTS = 24
const BIG_HEIGHT = 340
const SMALL_HEIGHT = 170

/** The answer to one statement. */
function Item({ item, place, several, facet, interval, view, stale, navigate }: ItemProps) {
  const [all, setAll] = useState(false)
  const { streams } = item
  const charts = useMemo(() => splitByFacet(streams, facet), [streams, facet])
  const kind = view.view === 'stack' ? 'stack' : 'lines'
  const options = useMemo<ChartOptions>(() => {
    const extent = view.sameScale && charts.length > 1 ? extentOf(streams) : undefined
    return { kind, ...(extent ? { extent } : {}) }
  }, [kind, view.sameScale, charts.length > 1, streams])
  const shown = all ? charts : charts.slice(0, MOST_CHARTS)
  return (
    <section aria-label={several ? `Statement ${place + 1}` : 'Result'} class={stale ? 'stale' : ''}>
      {several && <code class="statement">{item.statement}</code>}
      {item.warnings.map((warning) => (
        <p key={warning} class="warning" role="status">
          {warning}
        </p>
      ))}
      {streams.length === 0 && item.warnings.length === 0 && (
        <p class="nothing">Nothing matches in this range.</p>
      )}
      {streams.length > 0 && view.view === 'summary' && <SummaryTable streams={streams} />}
      {streams.length > 0 && view.view === 'points' && <PointsTable streams={streams} utc={view.utc} />}
      {kind === view.view && (
        <div class={charts.length > 1 ? 'grid' : 'grid one'}>
          {shown.map((chart) => {
            const id = `${place}-${chart.id}`
            return (
              <ChartCard
                key={id}
                id={id}
                title={chart.title || titleOf(item)}
                streams={chart.streams}
                options={options}
                interval={interval}
                legend={view.legends[id] ?? ALL_SHOWN}
                onLegend={(legend) => navigate({ legends: { ...view.legends, [id]: legend } }, 'replace')}
                height={charts.length > 1 ? SMALL_HEIGHT : BIG_HEIGHT}
                stale={stale}
                empty="No points in this range"
              />
            )
          })}
        </div>
      )}
      {kind === view.view && shown.length < charts.length && (
        <button type="button" class="button more" onClick={() => setAll(true)}>
          Show all {formatCount(charts.length)} charts
        </button>
      )}
    </section>
  )
}

const MOST_TITLE_METRICS = 4

function titleOf(item: AnswerItem): string {
  const metrics = [...new Set(item.streams.map((stream) => stream.metric))]
  const named = metrics.slice(0, MOST_TITLE_METRICS).join(', ')
  return metrics.length > MOST_TITLE_METRICS ? `${named} …` : named
}

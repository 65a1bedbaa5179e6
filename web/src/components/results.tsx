import { useMemo, useState } from 'preact/hooks'
import type { AnswerItem } from '../api/timeseries.js'
import { facetOptions, splitByFacet } from '../chart/facets.js'
import { ALL_SHOWN } from '../chart/legend.js'
import { type ChartOptions, extentOf } from '../chart/model.js'
import { rollupLabel } from '../format/rollup.js'
import { formatCount } from '../format/units.js'
import type { Interval } from '../state/time.js'
import type { Navigate } from '../state/use-view.js'
import type { ChartView, ViewState } from '../state/view.js'
import { ChartCard } from './chart-card.js'
import { Plan } from './plan.js'
import { PointsTable, SummaryTable } from './result-table.js'

const VIEWS: readonly { view: ChartView; label: string }[] = [
  { view: 'lines', label: 'Lines' },
  { view: 'stack', label: 'Stack' },
  { view: 'summary', label: 'Summary' },
  { view: 'points', label: 'Points' },
]
interface ResultsProps {
  readonly items: readonly AnswerItem[]
  readonly elapsedMs: number
  readonly interval: Interval
  readonly view: ViewState
  readonly stale: boolean
  /** Whether the query box shows the warnings that are about a place in the query. */
  readonly marked: boolean
  readonly navigate: Navigate
}

/** What an answer is shown as, and the answer to each statement. */
export function Results({ items, elapsedMs, interval, view, stale, marked, navigate }: ResultsProps) {
  const all = useMemo(() => items.flatMap((item) => item.streams), [items])
  const points = all.reduce((sum, { data }) => sum + data.times.length, 0)
  const options = useMemo(() => facetOptions(all), [all])
  // An attribute that no stream of this answer has makes no facets.
  const facet = options.some((option) => option.facet === view.facet) ? view.facet : 'combined'
  const rollup = rollupLabel(all)
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
          {rollup && ` · ${rollup}`} · {Math.round(elapsedMs)} ms
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
          marked={marked}
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
function Item({ item, place, several, facet, interval, view, stale, marked, navigate }: ItemProps) {
  const [all, setAll] = useState(false)
  const { streams } = item
  const isMarked = (warning: string) => marked && item.marks.some(({ message }) => message === warning)
  const warnings = item.warnings.filter((warning) => !isMarked(warning))
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
      {warnings.map((warning) => (
        <p key={warning} class="warning" role="status">
          {warning} <MoreStreams warning={warning} navigate={navigate} />
        </p>
      ))}
      {item.plan && <Plan plan={item.plan} />}
      {streams.length === 0 && item.warnings.length === 0 && !item.plan && (
        <p class="nothing">Nothing matches in this range.</p>
      )}
      {streams.length > 0 && view.view === 'summary' && <SummaryTable streams={streams} />}
      {streams.length > 0 && view.view === 'points' && <PointsTable streams={streams} utc={view.utc} />}
      {kind === view.view && !item.plan && (
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

const PARTIAL = /maximum results limit of (\d+)/
const MOST_STREAMS = 10_000

/** A way to the rest of an answer that was cut off at the limit of streams. */
function MoreStreams({ warning, navigate }: { warning: string; navigate: Navigate }) {
  const limit = Number(PARTIAL.exec(warning)?.[1] ?? MOST_STREAMS)
  if (limit >= MOST_STREAMS) return null
  const next = Math.min(limit * 4, MOST_STREAMS)
  return (
    <button type="button" class="button" onClick={() => navigate({ limit: next })}>
      Show up to {formatCount(next)}
    </button>
  )
}

const MOST_TITLE_METRICS = 4

function titleOf(item: AnswerItem): string {
  const metrics = [...new Set(item.streams.map((stream) => stream.metric))]
  const named = metrics.slice(0, MOST_TITLE_METRICS).join(', ')
  return metrics.length > MOST_TITLE_METRICS ? `${named} …` : named
}

import { useEffect, useRef, useState } from 'preact/hooks'
import type { EntityHealth, HealthSummary } from '../../../src/wire/health.js'
import { serverNow } from '../api/clock.js'
import { commandsOf, fetchHealth, type HealthView, pathOf, setMaintenance, suppress } from '../api/health.js'
import { CommandForm } from '../components/command-form.js'
import { HealthHistoryTable } from '../components/health-history.js'
import { Triggers } from '../components/triggers.js'
import { formatInstant } from '../format/time.js'
import { eventFilterToText } from '../query/event-filter.js'
import { isLive, resolveRange, type TimeRange } from '../state/time.js'
import { usePolled } from '../state/use-polled.js'
import type { Navigate } from '../state/use-view.js'
import { DEFAULT_VIEW, type ViewState, viewToSearch } from '../state/view.js'
import type { PagePoll } from './page.js'
import { PolledPage } from './polled-page.js'

const DAY_MS = 86_400_000
const WORDS: Record<HealthSummary, string> = {
  GOOD: 'good',
  CONCERNING: 'concerning',
  BAD: 'bad',
  DISABLED: 'disabled',
  NOT_AVAILABLE: 'not known',
  HISTORY_NOT_AVAILABLE: 'not recorded',
}
const WORST: readonly HealthSummary[] = ['BAD', 'CONCERNING', 'NOT_AVAILABLE', 'GOOD', 'DISABLED']
/** Of one list; the worst come first. */
const MOST_SHOWN = 200

interface HealthPageProps {
  readonly view: ViewState
  readonly navigate: Navigate
  /** Of the history; how everything was is shown at its end. */
  readonly range: TimeRange
  /** 0: it is asked once. */
  readonly refreshMs: number
  readonly hidden: boolean
  readonly onPoll: (poll: PagePoll) => void
}

/** What is well and what is not: clusters, services, roles and hosts; of one of them every test, its past and its triggers. */
export function HealthPage({ view, navigate, range, refreshMs, hidden, onPoll }: HealthPageProps) {
  const chosen = view.entity
  const [test, setTest] = useState('')
  const past = !isLive(range)
  const load = (signal: AbortSignal) => {
    const interval = resolveRange(range, serverNow()) ?? { from: serverNow() - DAY_MS, to: serverNow() }
    return fetchHealth({ chosen, test, interval, past }, signal)
  }
  // The old answer stays on the screen until the new one is there.
  const latest = useRef(load)
  latest.current = load
  const poll = usePolled((signal) => latest.current(signal), [], refreshMs, hidden)
  useEffect(() => poll.run(), [chosen, test, range.from, range.to])
  useEffect(() => onPoll(poll), [poll])
  const choose = (entity: string) => {
    setTest('')
    navigate({ entity })
  }
  /** The range of the same width that ends then. */
  const showTime = (at: number) => {
    const interval = poll.value?.interval ?? { from: at - DAY_MS, to: at }
    const from = at - (interval.to - interval.from)
    navigate({ range: { from: new Date(from).toISOString(), to: new Date(at).toISOString() }, home: null })
  }
  return (
    <PolledPage
      poll={poll}
      utc={view.utc}
      title="Health"
      aside={poll.value && <span class="dim">{summaryText(poll.value.all.summaries)}</span>}
      controls={
        past &&
        poll.value && (
          <p class="notice" role="status">
            As it was at {formatInstant(Math.floor(poll.value.interval.to / 1000) * 1000, view.utc)}.{' '}
            <button type="button" class="link" onClick={() => navigate({ range: null, home: null })}>
              Back to now
            </button>
          </p>
        )
      }
      waiting="Asking…"
    >
      {(value) => (
        <div class="health">
          <Tree items={value.all.items} chosen={chosen} onChoose={choose} />
          {value.entity ? (
            <Entity
              key={`${value.entity.category}/${value.entity.identity}`}
              entity={value.entity}
              view={value}
              past={past}
              test={test}
              utc={view.utc}
              onTest={setTest}
              onTime={showTime}
              onChart={(query) => navigate({ ...CHART, query, range: past ? range : null })}
              onChanged={poll.run}
            />
          ) : (
            <p class="dim">
              {chosen === null ? 'Choose what to look at.' : 'There is no such entity any more.'}
            </p>
          )}
        </div>
      )}
    </PolledPage>
  )
}

function summaryText(summaries: HealthView['all']['summaries']): string {
  const parts = WORST.filter((each) => summaries[each] > 0).map((each) => `${summaries[each]} ${WORDS[each]}`)
  return parts.join(', ') || 'Nothing is looked after yet.'
}

/** A leap to the chart builder. */
const CHART = { page: 'charts', entity: null, view: 'stack' } as const

/** The shares of the time that it was in each health. */
const chartOf = ({ category, name }: EntityHealth) =>
  `SELECT health_good_rate, health_concerning_rate, health_bad_rate, health_unknown_rate WHERE category = ${category} AND entityName = "${name.replaceAll('"', '\\\\"')}"`

export const Mark = ({ summary }: { summary: HealthSummary }) => (
  <span class={`mark ${summary.toLowerCase()}`}>{WORDS[summary]}</span>
)

interface TreeProps {
  readonly items: readonly EntityHealth[]
  readonly chosen: string | null
  readonly onChoose: (entity: string) => void
}

const byWorst = (a: EntityHealth, b: EntityHealth) =>
  WORST.indexOf(a.summary) - WORST.indexOf(b.summary) || (a.displayName < b.displayName ? -1 : 1)

/** Clusters with their services, these with their roles, and hosts; the worst first. */
function Tree({ items, chosen, onChoose }: TreeProps) {
  const of = (category: string, isIn: (each: EntityHealth) => boolean) =>
    items.filter((each) => each.category === category && isIn(each)).sort(byWorst)
  const level = (entities: EntityHealth[], below?: (entity: EntityHealth) => EntityHealth[]) => (
    <ul>
      {entities.slice(0, MOST_SHOWN).map((each) => {
        const key = `${each.category}/${each.identity}`
        const children = below?.(each) ?? []
        return (
          <li key={key}>
            <button
              type="button"
              class="link"
              aria-current={key === chosen ? 'true' : undefined}
              onClick={() => onChoose(key)}
            >
              <Mark summary={each.summary} /> {each.displayName}
              {each.maintenance && <span class="dim"> (maintenance)</span>}
            </button>
            {children.length > 0 && level(children, each.category === 'CLUSTER' ? roles : undefined)}
          </li>
        )
      })}
      {entities.length > MOST_SHOWN && <li class="dim">and {entities.length - MOST_SHOWN} more</li>}
    </ul>
  )
  const roles = (service: EntityHealth) => of('ROLE', (each) => each.service?.identity === service.identity)
  const services = (cluster: EntityHealth) =>
    of('SERVICE', (each) => each.cluster?.identity === cluster.identity)
  return (
    <nav class="card health-tree" aria-label="Entities">
      {level(
        of('CLUSTER', () => true),
        services,
      )}
      {level(
        of('SERVICE', (each) => each.cluster === undefined),
        roles,
      )}
      <h2>Hosts</h2>
      {level(of('HOST', () => true))}
    </nav>
  )
}

/** Where its events are, and those of what belongs to it. */
function eventsOf({ category, name, cluster, service, hosts }: EntityHealth): string {
  const filter =
    category === 'ROLE'
      ? { role: name }
      : category === 'HOST'
        ? { host: hosts[0]?.hostname ?? name }
        : category === 'SERVICE'
          ? { service: service?.name ?? name, ...(cluster ? { cluster: cluster.name } : {}) }
          : { cluster: name }
  return viewToSearch({ ...DEFAULT_VIEW, page: 'events', query: eventFilterToText(filter) })
}

interface EntityProps {
  readonly entity: EntityHealth
  readonly view: HealthView
  readonly past: boolean
  readonly test: string
  readonly utc: boolean
  readonly onTest: (test: string) => void
  readonly onTime: (at: number) => void
  readonly onChart: (query: string) => void
  readonly onChanged: () => void
}

function Entity({ entity, view, past, test, utc, onTest, onTime, onChart, onChanged }: EntityProps) {
  const [failure, setFailure] = useState('')
  const canConfigure = pathOf(entity) !== null && !past
  const run = (work: Promise<void>) => {
    setFailure('')
    work.then(onChanged, (error) => setFailure(String((error as Error).message)))
  }
  const own = entity.maintenanceOwners.includes(entity.category)
  const tests = [...(entity.tests ?? [])].sort((a, b) => WORST.indexOf(a.summary) - WORST.indexOf(b.summary))
  return (
    <section class="card health-entity" aria-label="Entity">
      <h2>
        <Mark summary={entity.summary} /> {entity.displayName}
      </h2>
      <p class="dim">
        {entity.category.toLowerCase()} {entity.identity}
        {entity.since > 0 && <>, since {formatInstant(entity.since, utc)}</>}{' '}
        <button type="button" class="link" onClick={() => onChart(chartOf(entity))}>
          Chart
        </button>
        {' · '}
        <a href={eventsOf(entity)}>Its events</a>
      </p>
      {(entity.maintenance || canConfigure) && (
        <p>
          {entity.maintenance &&
            `In maintenance (${entity.maintenanceOwners.map((each) => each.toLowerCase()).join(', ')}): no alerts are sent. `}
          {canConfigure && (
            <button type="button" class="button" onClick={() => run(setMaintenance(entity, !own))}>
              {own ? 'End maintenance' : 'Begin maintenance'}
            </button>
          )}
        </p>
      )}
      {canConfigure && commandsOf(entity).length > 0 && (
        <CommandForm key={`${entity.category}/${entity.identity}`} entity={entity} />
      )}
      {failure && <p role="alert">{failure}</p>}
      <div class="health-parts">
        <div>
          <table class="data" aria-label="Tests">
            <tbody>
              {tests.map(({ test, label, summary, explanation, advice, suppressed }) => (
                <tr key={test} class={suppressed ? 'dim' : ''}>
                  <td>
                    <Mark summary={summary} />
                  </td>
                  <td>
                    <strong title={test}>{label}</strong> {explanation}
                    {advice && <em> {advice}</em>}
                  </td>
                  <td>
                    {canConfigure && (
                      <button
                        type="button"
                        class="button"
                        onClick={() => run(suppress(entity, test, !suppressed))}
                      >
                        {suppressed ? 'Count it' : 'Suppress'}
                      </button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <div>
          <HealthHistoryTable
            entity={entity}
            history={view.history}
            interval={view.interval}
            test={test}
            utc={utc}
            onTest={onTest}
            onTime={onTime}
          />
          {canConfigure && <Triggers entity={entity} utc={utc} onSaved={onChanged} />}
        </div>
      </div>
    </section>
  )
}

import { useState } from 'preact/hooks'
import type { EntityHealth, HealthSummary } from '../../../src/wire/health.js'
import { fetchHealth, type HealthView, pathOf, suppress } from '../api/health.js'
import { Banner } from '../components/banner.js'
import { HealthHistoryTable } from '../components/health-history.js'
import { TriggerEditor } from '../components/trigger-editor.js'
import { formatInstant } from '../format/time.js'
import { eventFilterToText } from '../query/event-filter.js'
import { usePolled } from '../state/use-polled.js'
import type { Navigate } from '../state/use-view.js'
import { DEFAULT_VIEW, type ViewState, viewToSearch } from '../state/view.js'
import { apiError } from './page.js'

const STEP_MS = 5_000
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
  readonly hidden: boolean
}

/** What is well and what is not: clusters, services, roles and hosts; of one of them every test, its past and its triggers. */
export function HealthPage({ view, navigate, hidden }: HealthPageProps) {
  const chosen = view.entity
  const { state, poller } = usePolled((signal) => fetchHealth(chosen, signal), [chosen], STEP_MS, hidden)
  const { value } = state
  const problem = apiError(state)
  return (
    <main>
      {problem && (
        <Banner
          error={problem}
          loadedAt={state.loadedAt}
          retryAt={state.retryAt}
          loading={state.loading}
          utc={view.utc}
          onRetry={poller.run}
        />
      )}
      <div class="page-head">
        <h1>Health</h1>
        {value && (
          <span class="dim">
            {WORST.filter((each) => value.all.summaries[each] > 0)
              .map((each) => `${value.all.summaries[each]} ${WORDS[each]}`)
              .join(', ') || 'Nothing is looked after yet.'}
          </span>
        )}
      </div>
      {value ? (
        <div class="health">
          <Tree items={value.all.items} chosen={chosen} onChoose={(entity) => navigate({ entity })} />
          {value.entity ? (
            <Entity
              key={chosen}
              entity={value.entity}
              view={value}
              utc={view.utc}
              onChanged={() => poller.run()}
            />
          ) : (
            <p class="dim">
              {chosen === null ? 'Choose what to look at.' : 'There is no such entity any more.'}
            </p>
          )}
        </div>
      ) : (
        !problem && <p class="dim loading">Asking…</p>
      )}
    </main>
  )
}

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
  readonly utc: boolean
  readonly onChanged: () => void
}

function Entity({ entity, view, utc, onChanged }: EntityProps) {
  const [failure, setFailure] = useState('')
  const canConfigure = pathOf(entity) !== null
  const toggle = (test: string, on: boolean) => {
    setFailure('')
    suppress(entity, test, on).then(onChanged, (error) => setFailure(String((error as Error).message)))
  }
  const tests = [...(entity.tests ?? [])].sort((a, b) => WORST.indexOf(a.summary) - WORST.indexOf(b.summary))
  return (
    <section class="card health-entity" aria-label="Entity">
      <h2>
        <Mark summary={entity.summary} /> {entity.displayName}
      </h2>
      <p class="dim">
        {entity.category.toLowerCase()} {entity.identity}, since {formatInstant(entity.since, utc)}.{' '}
        <a href={eventsOf(entity)}>Its events</a>
      </p>
      {failure && <p role="alert">{failure}</p>}
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
                  <button type="button" class="button" onClick={() => toggle(test, !suppressed)}>
                    {suppressed ? 'Count it' : 'Suppress'}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <HealthHistoryTable history={view.history} utc={utc} />
      {canConfigure && <TriggerEditor entity={entity} utc={utc} onSaved={onChanged} />}
    </section>
  )
}

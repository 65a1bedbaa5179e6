import { useEffect, useMemo, useState } from 'preact/hooks'
import { serverNow } from '../api/clock.js'
import type { AnswerItem } from '../api/timeseries.js'
import { ALL_SHOWN } from '../chart/legend.js'
import type { ChartOptions } from '../chart/model.js'
import { earliestTime } from '../chart/stream.js'
import { Banner } from '../components/banner.js'
import { ChartCard } from '../components/chart-card.js'
import { HostSearch } from '../components/host-search.js'
import { ALL_HOSTS_DASHBOARD, HOST_DASHBOARD, HOSTS_QUERY } from '../dashboards/host.js'
import type { DashboardChart } from '../dashboards/types.js'
import { dashboardQuery, fillVariables } from '../dashboards/variables.js'
import { type Host, hostsOf, isCut } from '../query/host-search.js'
import { type Interval, shownInterval, youngInterval } from '../state/time.js'
import { type Poll, usePoll } from '../state/use-poll.js'
import { DEFAULT_VIEW, viewToSearch } from '../state/view.js'
import { apiError, type PageProps } from './page.js'

const HOSTS_RANGE = { from: 'now-1d', to: 'now' }
const WAITING_STEP_MS = 2000
const HOSTS_STEP_MS = 30_000
const CHART_HEIGHT = 178

/** The start page: the charts of one host, or of all of them side by side. */
export function HostsPage({ view, navigate, range, refreshMs, hold, onPoll }: PageProps) {
  const [waiting, setWaiting] = useState(true)
  const list = usePoll(HOSTS_QUERY, HOSTS_RANGE, true, waiting ? WAITING_STEP_MS : HOSTS_STEP_MS, hold.hidden)
  const hosts = useMemo(() => hostsOf(list.value?.items[0]), [list.value])
  const cut = isCut(list.value?.items[0])
  useEffect(() => setWaiting(hosts.length === 0), [hosts.length === 0])

  const chosen = view.host ?? (hosts.length === 1 ? (hosts[0]?.id ?? null) : null)
  const dashboard = chosen === null ? ALL_HOSTS_DASHBOARD : HOST_DASHBOARD
  const variables = useMemo(() => ({ HOSTID: chosen ?? '' }), [chosen])
  const ready = hosts.length > 0 || view.host !== null
  const query = ready ? dashboardQuery(dashboard, variables) : null
  const poll = usePoll(query, range, view.utc, refreshMs, hold.hidden || hold.hovered)
  const shownPoll = query === null ? list : poll
  useEffect(() => onPoll(shownPoll), [shownPoll.loading, shownPoll.error, shownPoll.value, shownPoll.run])

  const choose = (host: string | null) => navigate({ host, legends: {} })
  const error = apiError(shownPoll) ?? apiError(list)
  const asked = shownInterval(range, poll.value?.interval ?? null, serverNow())
  const interval = view.range === null ? youngInterval(asked, earliestTime(poll.value?.items ?? [])) : asked
  return (
    <main>
      {error && (
        <Banner
          error={error}
          loadedAt={poll.loadedAt}
          retryAt={shownPoll.error ? shownPoll.retryAt : list.retryAt}
          loading={shownPoll.loading}
          utc={view.utc}
          onRetry={() => {
            if (list.error) list.run()
            if (query !== null) poll.run()
          }}
        />
      )}
      {ready ? (
        <>
          <div class="page-head">
            <h1>{chosen === null ? 'All hosts' : nameOf(chosen, hosts, poll)}</h1>
            {poll.value && interval.from > asked.from && (
              <span class="dim">All data so far; the charts grow as more comes.</span>
            )}
            {cut ? (
              <HostSearch known={hosts.length} chosen={chosen} onHost={choose} />
            ) : (
              (hosts.length > 1 || view.host !== null) && (
                <HostPicker hosts={hosts} chosen={chosen} onHost={choose} />
              )
            )}
          </div>
          <div class="grid">
            {dashboard.charts.map((chart, i) => (
              <DashboardCard
                key={chart.id}
                chart={chart}
                item={poll.value?.items[i]}
                loaded={poll.value !== null}
                interval={interval}
                stale={error !== null && poll.value !== null}
                builder={viewToSearch({
                  ...DEFAULT_VIEW,
                  page: 'charts',
                  query: fillVariables(chart.query, variables),
                  range: view.range,
                  utc: view.utc,
                  view: chart.kind,
                })}
                legend={view.legends[chart.id] ?? ALL_SHOWN}
                onLegend={(legend) =>
                  navigate({ legends: { ...view.legends, [chart.id]: legend } }, 'replace')
                }
              />
            ))}
          </div>
        </>
      ) : (
        !error && <Waiting asked={list.value !== null} />
      )}
    </main>
  )
}

/** The host's name as the list has it, or its own data; its id until either is there. */
function nameOf(id: string, hosts: readonly Host[], poll: Poll): string {
  const listed = hosts.find((host) => host.id === id)
  const own = poll.value?.items.flatMap((item) => item.streams)[0]?.data.metadata.attributes.hostname
  return listed?.name ?? own ?? id
}

interface DashboardCardProps {
  readonly chart: DashboardChart
  readonly item: AnswerItem | undefined
  readonly loaded: boolean
  readonly interval: Interval
  readonly stale: boolean
  readonly builder: string
  readonly legend: Parameters<typeof ChartCard>[0]['legend']
  readonly onLegend: Parameters<typeof ChartCard>[0]['onLegend']
}

const NO_STREAMS: AnswerItem['streams'] = []

function DashboardCard({
  chart,
  item,
  loaded,
  interval,
  stale,
  builder,
  legend,
  onLegend,
}: DashboardCardProps) {
  const options = useMemo<ChartOptions>(
    () => ({
      kind: chart.kind,
      fromZero: true,
      ...(chart.unit ? { unit: chart.unit } : {}),
      ...(chart.marks ? { marks: chart.marks } : {}),
      ...(chart.labels ? { labels: chart.labels } : {}),
      ...(chart.top === undefined ? {} : { top: chart.top }),
    }),
    [chart],
  )
  return (
    <ChartCard
      id={chart.id}
      title={chart.title}
      streams={item?.streams ?? NO_STREAMS}
      options={options}
      interval={interval}
      legend={legend}
      onLegend={onLegend}
      height={CHART_HEIGHT}
      stale={stale}
      empty={loaded ? 'No data in this range' : 'Loading…'}
      actions={
        <>
          {item && item.streams.length > 0 && item.warnings.length > 0 && (
            <span
              class="icon warn"
              role="img"
              title={item.warnings.join('\n')}
              aria-label={item.warnings.join(' ')}
            >
              ⚠
            </span>
          )}
          <a
            class="icon"
            href={builder}
            title="Open in the chart builder"
            aria-label={`${chart.title}: open in the chart builder`}
          >
            ↗
          </a>
        </>
      }
    />
  )
}

function HostPicker({
  hosts,
  chosen,
  onHost,
}: {
  hosts: readonly Host[]
  chosen: string | null
  onHost: (host: string | null) => void
}) {
  const unknown = chosen !== null && !hosts.some((host) => host.id === chosen)
  return (
    <label class="host-picker">
      <span class="dim">Host</span>
      <select
        class="button"
        value={chosen ?? ''}
        onChange={(event) => onHost(event.currentTarget.value || null)}
      >
        <option value="">All hosts ({hosts.length})</option>
        {unknown && <option value={chosen}>{chosen}</option>}
        {hosts.map((host) => (
          <option key={host.id} value={host.id}>
            {host.name}
          </option>
        ))}
      </select>
    </label>
  )
}

const LONG_WAIT_S = 60

function Waiting({ asked }: { asked: boolean }) {
  const [seconds, setSeconds] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setSeconds((n) => n + 1), 1000)
    return () => clearInterval(timer)
  }, [])
  return (
    <div class="waiting" role="status">
      <span class="pulse" aria-hidden="true" />
      <h1>{asked ? 'Waiting for the first measurements' : 'Asking the monitor'}</h1>
      <p>
        The agent measures this machine’s CPU, memory, disks and network by itself; the charts appear here on
        their own, usually within 20 seconds.
      </p>
      <p class="dim" aria-hidden="true">
        {seconds} s
      </p>
      {seconds >= LONG_WAIT_S && (
        <p>
          This takes longer than it should. Is the agent running, and does its log say that it reaches the
          monitor?
        </p>
      )}
    </div>
  )
}

import { useCallback, useEffect, useErrorBoundary, useMemo, useRef, useState } from 'preact/hooks'
import { serverNow } from './api/clock.js'
import { readColors } from './chart/theme.js'
import { ChartPageContext } from './components/chart-context.js'
import { Header } from './components/header.js'
import { Help } from './components/help.js'
import { TimeControls } from './components/time-controls.js'
import { AlertsPage } from './pages/alerts.js'
import { CardinalityPage } from './pages/cardinality.js'
import { ChartsPage } from './pages/charts.js'
import { CommandsPage } from './pages/commands.js'
import { EventsPage } from './pages/events.js'
import { HealthPage } from './pages/health.js'
import { HostsPage } from './pages/hosts.js'
import { livenessOf, type PagePoll } from './pages/page.js'
import {
  absoluteRange,
  type Interval,
  isLive,
  resolveRange,
  shiftRange,
  type TimeRange,
  zoomOut,
} from './state/time.js'
import { useHold } from './state/use-hold.js'
import { useKeys } from './state/use-keys.js'
import { useTheme } from './state/use-theme.js'
import { useView } from './state/use-view.js'
import { DEFAULT_REFRESH_SECONDS, type Page, type ViewState } from './state/view.js'

const DEFAULT_RANGES: Record<Page, TimeRange> = {
  hosts: { from: 'now-30m', to: 'now' },
  charts: { from: 'now-1h', to: 'now' },
  health: { from: 'now-1d', to: 'now' },
  events: { from: 'now-1d', to: 'now' },
  alerts: { from: 'now-1d', to: 'now' },
  commands: { from: 'now-1d', to: 'now' },
  cardinality: { from: 'now-1h', to: 'now' },
}

/** Pages that show a range of time. */
const HAS_TIME: ReadonlySet<Page> = new Set(['hosts', 'charts', 'health', 'events'])

const TITLES: Record<Page, string> = {
  hosts: 'Hosts',
  charts: 'Chart builder',
  health: 'Health',
  events: 'Events',
  alerts: 'Alerts',
  commands: 'Commands',
  cardinality: 'Cardinality',
}

/** The range of a view: an address whose ends are in the wrong order counts as one without a range. */
const rangeOf = (view: ViewState) =>
  view.range && resolveRange(view.range, serverNow()) ? view.range : DEFAULT_RANGES[view.page]

/** The pages, and what is said if drawing them fails: a defect of ours must not leave an empty screen. */
export function App() {
  const [error] = useErrorBoundary()
  return error ? <Failed error={error} /> : <Frame />
}

function Failed({ error }: { error: unknown }) {
  return (
    <div class="waiting" role="alert">
      <h1>This page failed</h1>
      <p>
        That is a defect of Bellwether, not of your data. Reloading usually helps; the address keeps what you
        were looking at.
      </p>
      <p class="dim">{String(error)}</p>
      <button type="button" class="button primary" onClick={() => location.reload()}>
        Reload
      </button>
    </div>
  )
}

function Frame() {
  const [view, navigate] = useView()
  const [theme, toggleTheme] = useTheme()
  const hold = useHold()
  const [help, setHelp] = useState(false)
  const [poll, setPoll] = useState<PagePoll | null>(null)
  const range = rangeOf(view)
  const refresh = view.refresh ?? DEFAULT_REFRESH_SECONDS
  const latest = useRef({ view, range })
  latest.current = { view, range }

  useEffect(() => {
    document.title = `${TITLES[view.page]} · Bellwether`
  }, [view.page])

  const setRange = (next: TimeRange) => navigate({ range: next, home: null })
  const zoom = useCallback((interval: Interval) => {
    const { view } = latest.current
    navigate({ range: absoluteRange(interval), home: view.home ?? view.range ?? 'default' })
  }, [])
  const reset = useCallback(() => {
    const { home } = latest.current.view
    if (home !== null) navigate({ range: home === 'default' ? null : home, home: null })
  }, [])
  const goLive = () => {
    if (view.home !== null) reset()
    else if (!isLive(range)) setRange(widthUpToNow(range))
    else navigate({ refresh: refresh === 0 ? null : 0 }, 'replace')
  }
  const goTo = (page: Page) => {
    if (page !== view.page)
      navigate({ page, legends: {}, query: '', host: null, entity: null, facet: 'combined', view: 'lines' })
    else if (page === 'hosts') navigate({ host: null, legends: {} })
  }
  const move = (part: number) => {
    const interval = resolveRange(range, serverNow())
    if (interval) setRange(shiftRange(interval, part))
  }
  const toggleUtc = () => navigate({ utc: !view.utc }, 'replace')

  useKeys({
    '?': () => setHelp((open) => !open),
    'g h': () => goTo('hosts'),
    'g c': () => goTo('charts'),
    'g e': () => goTo('health'),
    'g v': () => goTo('events'),
    'g a': () => goTo('alerts'),
    'g o': () => goTo('commands'),
    'g s': () => goTo('cardinality'),
    '/': () => {
      if (view.page !== 'charts') goTo('charts')
      focusQuery()
    },
    r: () => poll?.run(),
    p: goLive,
    '[': () => move(-0.5),
    ']': () => !isLive(range) && move(0.5),
    '-': () => {
      const interval = resolveRange(range, serverNow())
      if (interval) setRange(zoomOut(interval, serverNow()))
    },
    '0': reset,
    u: toggleUtc,
    d: toggleTheme,
  })

  const colors = useMemo(readColors, [theme])
  const charts = useMemo(
    () => ({
      colors,
      utc: view.utc,
      group: view.page,
      onZoom: zoom,
      onReset: reset,
      onPointer: hold.onPointer,
    }),
    [colors, view.utc, view.page, zoom, reset, hold.onPointer],
  )
  const away = poll?.error !== null && poll?.error !== undefined && poll.retryAt !== null
  const refreshMs = isLive(range) ? refresh * 1000 : 0
  const page = { view, navigate, range, refreshMs, hold, onPoll: setPoll }
  return (
    <ChartPageContext.Provider value={charts}>
      <Header
        page={view.page}
        onPage={goTo}
        utc={view.utc}
        onUtc={toggleUtc}
        theme={theme}
        onTheme={toggleTheme}
        onHelp={() => setHelp(true)}
      >
        {HAS_TIME.has(view.page) && (
          <TimeControls
            range={range}
            utc={view.utc}
            refresh={refresh}
            liveness={livenessOf(view, range, refresh, hold, away)}
            loading={poll?.loading ?? false}
            onRange={setRange}
            onRefresh={(seconds) => navigate({ refresh: seconds }, 'replace')}
            onChip={goLive}
            onRun={() => poll?.run()}
          />
        )}
      </Header>
      {view.page === 'charts' && <ChartsPage key="charts" {...page} />}
      {view.page === 'hosts' && <HostsPage key="hosts" {...page} />}
      {view.page === 'health' && (
        <HealthPage
          key="health"
          view={view}
          navigate={navigate}
          range={range}
          refreshMs={refreshMs}
          hidden={hold.hidden}
          onPoll={setPoll}
        />
      )}
      {view.page === 'events' && <EventsPage key="events" {...page} />}
      {view.page === 'alerts' && <AlertsPage key="alerts" utc={view.utc} hidden={hold.hidden} />}
      {view.page === 'commands' && <CommandsPage key="commands" utc={view.utc} hidden={hold.hidden} />}
      {view.page === 'cardinality' && (
        <CardinalityPage key="cardinality" utc={view.utc} hidden={hold.hidden} />
      )}
      <Help open={help} onClose={() => setHelp(false)} />
    </ChartPageContext.Provider>
  )
}

/** At once where the box is on the page, otherwise as soon as it is. */
function focusQuery() {
  const box = document.getElementById('query')
  if (box) box.focus()
  else setTimeout(() => document.getElementById('query')?.focus())
}

/** A live range about as wide as a fixed one, in whole minutes. */
function widthUpToNow(range: TimeRange): TimeRange {
  const interval = resolveRange(range, serverNow())
  const minutes = interval ? Math.max(1, Math.round((interval.to - interval.from) / 60_000)) : 30
  return { from: `now-${minutes}m`, to: 'now' }
}

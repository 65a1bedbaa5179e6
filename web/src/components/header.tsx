import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { Theme } from '../state/use-theme.js'
import type { Page } from '../state/view.js'
import { Account } from './account.js'

interface HeaderProps {
  readonly page: Page
  readonly onPage: (page: Page) => void
  readonly utc: boolean
  readonly onUtc: () => void
  readonly theme: Theme
  readonly onTheme: () => void
  readonly onHelp: () => void
  /** The page's own controls. */
  readonly children: ComponentChildren
}

const PAGES: readonly { page: Page; label: string; address: string }[] = [
  { page: 'hosts', label: 'Hosts', address: '?' },
  { page: 'charts', label: 'Chart builder', address: '?page=charts' },
  { page: 'health', label: 'Health', address: '?page=health' },
  { page: 'events', label: 'Events', address: '?page=events' },
  { page: 'alerts', label: 'Alerts', address: '?page=alerts' },
  { page: 'commands', label: 'Commands', address: '?page=commands' },
  { page: 'cardinality', label: 'Cardinality', address: '?page=cardinality' },
]

export function Header(props: HeaderProps) {
  const pages = useRef<HTMLElement>(null)
  useEffect(() => {
    // On a narrow screen the pages scroll sideways: the present one is to be seen.
    const nav = pages.current
    const link = nav?.querySelector<HTMLElement>('[aria-current]')
    if (nav && link)
      nav.scrollLeft = link.offsetLeft - nav.offsetLeft - (nav.clientWidth - link.clientWidth) / 2
  }, [props.page])
  const go = (event: MouseEvent, page: Page) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    props.onPage(page)
  }
  return (
    <header class="top">
      <a class="brand" href="?" onClick={(event) => go(event, 'hosts')}>
        <img src="./bell.svg" alt="" width="22" height="22" /> Bellwether
      </a>
      <nav aria-label="Pages" ref={pages}>
        {PAGES.map(({ page, label, address }) => (
          <a
            key={page}
            href={address}
            aria-current={page === props.page ? 'page' : undefined}
            onClick={(event) => go(event, page)}
          >
            {label}
          </a>
        ))}
      </nav>
      <span class="spacer" />
      {props.children}
      <div class="group">
        <Account />
        <button
          type="button"
          class="button quiet"
          onClick={props.onUtc}
          aria-pressed={props.utc}
          title="Time zone: local or UTC (u)"
        >
          {props.utc ? 'UTC' : 'Local'}
        </button>
        <button
          type="button"
          class="button quiet"
          onClick={props.onTheme}
          aria-label={props.theme === 'dark' ? 'Light theme' : 'Dark theme'}
          title="Dark or light (d)"
        >
          {props.theme === 'dark' ? '☀' : '☾'}
        </button>
        <button type="button" class="button quiet" onClick={props.onHelp} aria-label="Help" title="Help (?)">
          ?
        </button>
      </div>
    </header>
  )
}

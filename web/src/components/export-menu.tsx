import { useState } from 'preact/hooks'
import { apiAddress, apiCommand } from '../api/address.js'
import { copyText } from '../state/copy.js'
import type { Interval } from '../state/time.js'
import { Popover } from './popover.js'

interface ExportMenuProps {
  readonly query: string
  readonly interval: Interval
  readonly utc: boolean
  readonly limit: number | null
  /** The page's address with the range fixed, so that it shows the same tomorrow. */
  readonly fixedAddress: string
}

/** The answer as files, as an API call, and as a link. */
export function ExportMenu({ query, interval, utc, limit, fixedAddress }: ExportMenuProps) {
  const [copied, setCopied] = useState('')
  const base = document.baseURI
  const asked = { query, interval, utc, limit }
  const copy = (name: string, text: string) => async () => {
    setCopied((await copyText(text)) ? `${name}: copied` : 'The browser did not allow copying.')
  }
  return (
    <Popover label="Export ▾" name="Export" align="right">
      {() => (
        <div class="menu">
          <a
            class="menu-item"
            href={apiAddress(base, asked, 'application/json')}
            target="_blank"
            rel="noreferrer"
          >
            JSON
          </a>
          <a class="menu-item" href={apiAddress(base, asked, 'text/csv')} download="timeseries.csv">
            CSV
          </a>
          <button
            type="button"
            class="menu-item"
            onClick={copy('API call', apiCommand(base, asked, 'application/json'))}
          >
            Copy as API call (curl)
          </button>
          <button type="button" class="menu-item" onClick={copy('Link', location.href)}>
            Copy link
          </button>
          <button type="button" class="menu-item" onClick={copy('Link', fixedAddress)}>
            Copy link with fixed times
          </button>
          <p class="dim" role="status">
            {copied}
          </p>
        </div>
      )}
    </Popover>
  )
}

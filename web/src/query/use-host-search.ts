/** Searches hosts while a name is being written: a moment after the last key, and one question at a time. */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { serverNow } from '../api/clock.js'
import { fetchTimeSeries } from '../api/timeseries.js'
import { type Host, hostSearchQuery, hostsOf, isCut } from './host-search.js'

const PAUSE_MS = 150
const DAY_MS = 86_400_000
const MOST_SHOWN = 50

export interface FoundHosts {
  readonly hosts: readonly Host[]
  /** Whether there are more than these. */
  readonly more: boolean
}

export function useHostSearch() {
  const [found, setFound] = useState<FoundHosts | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  const current = useRef<AbortController | null>(null)

  const close = useCallback(() => {
    clearTimeout(timer.current)
    current.current?.abort()
    setFound(null)
  }, [])

  const search = useCallback((text: string) => {
    clearTimeout(timer.current)
    current.current?.abort()
    const controller = new AbortController()
    current.current = controller
    timer.current = setTimeout(async () => {
      const now = serverNow()
      const asked = { query: hostSearchQuery(text), interval: { from: now - DAY_MS, to: now }, utc: true }
      try {
        const { items } = await fetchTimeSeries(asked, controller.signal)
        const hosts = hostsOf(items[0])
        const more = isCut(items[0]) || hosts.length > MOST_SHOWN
        if (!controller.signal.aborted) setFound({ hosts: hosts.slice(0, MOST_SHOWN), more })
      } catch {
        // A search that fails finds nothing; the page's own banner says what is wrong with the server.
        if (!controller.signal.aborted) setFound({ hosts: [], more: false })
      }
    }, PAUSE_MS)
  }, [])

  useEffect(() => close, [close])
  return { found, search, close }
}

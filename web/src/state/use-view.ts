/** The view state as a hook: what the address says, and going somewhere else. */

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { remember, remembered } from './store.js'
import { type ViewState, viewFromSearch, viewToSearch } from './view.js'

/** `replace` for what nobody wants to go back through: the legend, the refresh step, the time zone. */
export type Navigate = (patch: Partial<ViewState>, how?: 'push' | 'replace') => void

function firstView(): ViewState {
  const view = viewFromSearch(location.search)
  const asked = new URLSearchParams(location.search).has('tz')
  return { ...view, utc: asked ? view.utc : remembered('tz') === 'utc' }
}

export function useView(): [ViewState, Navigate] {
  const [view, setView] = useState(firstView)
  const latest = useRef(view)
  latest.current = view

  useEffect(() => {
    history.replaceState(null, '', addressOf(latest.current))
    const back = () => setView(viewFromSearch(location.search))
    addEventListener('popstate', back)
    return () => removeEventListener('popstate', back)
  }, [])

  const navigate = useCallback<Navigate>((patch, how = 'push') => {
    const next = { ...latest.current, ...patch }
    const address = addressOf(next)
    if (address !== addressOf(latest.current)) {
      if (how === 'push') history.pushState(null, '', address)
      else history.replaceState(null, '', address)
    }
    if (patch.utc !== undefined) remember('tz', patch.utc ? 'utc' : null)
    latest.current = next
    setView(next)
  }, [])

  return [view, navigate]
}

/** A lone `?` would stay in the address bar: the path says the same. */
const addressOf = (view: ViewState) => viewToSearch(view) || location.pathname

/** Dark or light: the system's choice until the reader makes one. `theme.js` does the same before the first paint. */

import { useCallback, useEffect, useState } from 'preact/hooks'
import { remember, remembered } from './store.js'

export type Theme = 'dark' | 'light'

const shownNow = (): Theme => (document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light')

export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState<Theme>(shownNow)

  const show = useCallback((next: Theme) => {
    document.documentElement.dataset.theme = next
    setTheme(next)
  }, [])

  useEffect(() => {
    const media = matchMedia('(prefers-color-scheme: dark)')
    const follow = () => {
      if (remembered('theme') === null) show(media.matches ? 'dark' : 'light')
    }
    media.addEventListener('change', follow)
    return () => media.removeEventListener('change', follow)
  }, [show])

  const toggle = useCallback(() => {
    const next = shownNow() === 'dark' ? 'light' : 'dark'
    remember('theme', next)
    show(next)
  }, [show])

  return [theme, toggle]
}

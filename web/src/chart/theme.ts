/** Reads the style sheet's colours for the canvas. */

import { type ChartColors, LINE_COLORS } from './colors.js'

export function readColors(): ChartColors {
  const style = getComputedStyle(document.documentElement)
  const get = (name: string) => style.getPropertyValue(name).trim()
  return {
    text: get('--text-dim'),
    grid: get('--grid'),
    surface: get('--surface'),
    mark: get('--text-dim'),
    dark: get('--scheme') === 'dark',
    lines: Array.from({ length: LINE_COLORS }, (_, i) => get(`--line-${i}`)),
  }
}

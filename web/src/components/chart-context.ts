import { createContext } from 'preact'
import type { ChartColors } from '../chart/colors.js'
import type { Interval } from '../state/time.js'

/** What all charts of a page have in common. */
export interface ChartPage {
  readonly colors: ChartColors
  readonly utc: boolean
  /** The name under which the charts share their cursor. */
  readonly group: string
  readonly onZoom: (interval: Interval) => void
  readonly onReset: () => void
  /** The pointer moves over a chart, or leaves it. */
  readonly onPointer: (inside: boolean) => void
}

export const ChartPageContext = createContext<ChartPage | null>(null)

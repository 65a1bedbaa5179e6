/** Colours of lines: twelve from the style sheet, then hues that stay apart. */

export interface ChartColors {
  readonly text: string
  readonly grid: string
  readonly surface: string
  readonly mark: string
  readonly dark: boolean
  readonly lines: readonly string[]
}

export const LINE_COLORS = 12

/** The colour of a line by its number; −1 is a mark. */
export function lineColor(colors: ChartColors, index: number): string {
  if (index < 0) return colors.mark
  const listed = colors.lines[index]
  if (listed) return listed
  const hue = Math.round((index * 137.508) % 360)
  return `hsl(${hue} ${55 + (index % 3) * 12}% ${colors.dark ? 66 : 42}%)`
}

import { type ChartModel, lastValue } from '../chart/model.js'
import { formatValue } from '../format/units.js'

const MOST_LINES = 8

/** A chart in a sentence, for those who hear it. */
export function describeChart(title: string, model: ChartModel, shown: readonly boolean[]): string {
  const lines = model.lines.filter((_, i) => shown[i])
  const named = lines
    .slice(0, MOST_LINES)
    .map((line) => `${line.label} ${formatValue(lastValue(line.stream), line.unit)}`)
  const more = lines.length > MOST_LINES ? `, and ${lines.length - MOST_LINES} more` : ''
  const values = named.length === 0 ? 'no data' : `latest values: ${named.join(', ')}${more}`
  return `Chart ${title}; ${values}. Left and right arrow keys move the cursor.`
}

import { WARNING_LINE } from '../wire/timeseries.js'

/** The warnings in the header of a CSV answer; none when it is not what it should be. */
export function headerWarnings(header: string | null): string[] {
  try {
    const list: unknown = JSON.parse(header ?? '[]')
    return Array.isArray(list) ? list.map(shown) : []
  } catch {
    return []
  }
}

/** Takes the lines with warnings, which stand behind the rows, out of a CSV that comes in pieces. */
export function csvLines(warn: (text: string) => void) {
  let rest = ''
  const without = (text: string): string => {
    if (!text.includes(WARNING_LINE)) return text
    const kept: string[] = []
    for (const line of text.split(/(?<=\n)/))
      if (line.startsWith(WARNING_LINE)) warn(shown(line.slice(WARNING_LINE.length).trimEnd()))
      else kept.push(line)
    return kept.join('')
  }
  return {
    /** The whole lines so far, without warnings. */
    rows(text: string): string {
      const all = rest + text
      const end = all.lastIndexOf('\n') + 1
      rest = all.slice(end)
      return without(all.slice(0, end))
    },
    rest: () => without(rest),
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they could steer the terminal
const shown = (text: unknown) => String(text).replace(/[\u0000-\u001f\u007f-\u009f]/g, '�')

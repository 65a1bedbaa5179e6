import type { Entry } from '../entries.js'

/**
 * Hadoop's configuration format. Every property has its own lines and `</configuration>` stands exactly once, on a line of
 * its own: scripts of the field put lines in before it with `sed`.
 */
export function writeHadoopXml(entries: readonly Entry[], valve: string): string {
  const properties = entries.map(
    ({ key, value }) =>
      `  <property>\n    <name>${escapeXml(key)}</name>\n    <value>${escapeXml(value)}</value>\n  </property>\n`,
  )
  const extra = valve === '' || valve.endsWith('\n') ? valve : `${valve}\n`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<configuration>\n${properties.join('')}${extra}</configuration>\n`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  // A parser turns a bare one into a line feed.
  '\r': '&#13;',
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"\r]/g, (char) => entities[char]!)
}

/** Can XML 1.0 carry the text? It has no control characters but tab, line feed and carriage return. */
export function fitsXml(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udfff]/u.test(text)
}

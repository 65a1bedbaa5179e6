/** Reads ZooKeeper's `mntr`: lines of a key, a tab and a value. */
export function readMntr(page: string): Map<string, string> {
  const values = new Map<string, string>()
  for (const line of page.split('\n')) {
    const tab = line.indexOf('\t')
    if (tab > 0) values.set(line.slice(0, tab), line.slice(tab + 1).trim())
  }
  return values
}

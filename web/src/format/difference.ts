/** Lines that are only in one of the two, in their order: files of configuration hardly repeat lines. */
export function differenceOf(before: string, after: string): string {
  const [old, now] = [before.split('\n'), after.split('\n')]
  const [had, has] = [new Set(old), new Set(now)]
  const gone = old.filter((line) => !has.has(line)).map((line) => `- ${line}`)
  const come = now.filter((line) => !had.has(line)).map((line) => `+ ${line}`)
  return [...gone, ...come].join('\n') || 'Only the order of lines differs.'
}

/** What `RLIKE` does with a value, or what is wrong with the pattern. */
export function compilePattern(
  pattern: string,
): { matches: (value: string) => boolean } | { problem: string } {
  try {
    const expression = new RegExp(`^(?:${pattern})$`, 'su')
    return { matches: (value) => expression.test(value) }
  } catch (error) {
    return { problem: `The pattern is no regular expression: ${(error as Error).message}` }
  }
}

/** The pattern is not a Java regular expression, or one that is not supported. */
export class RegexSyntaxError extends Error {
  override name = 'RegexSyntaxError'
  /** Offset in the pattern of the first character that is wrong, from 0; its length where nothing more came. */
  readonly offset: number
  readonly length: number
  constructor(message: string, offset: number, length = 1) {
    super(message)
    this.offset = offset
    this.length = length
  }
}

/** Matching was stopped because it took more steps than allowed: the same pattern and values stop at the same place. */
export class RegexTooSlowError extends Error {
  override name = 'RegexTooSlowError'
  /** Whether one value alone took too many steps, or all of them together. */
  readonly values: 'one' | 'all'
  constructor(pattern: string, values: 'one' | 'all') {
    const shown = pattern.length > 60 ? `${pattern.slice(0, 60)}…` : pattern
    const where = values === 'one' ? 'at a single value' : 'at the values together'
    super(
      `The pattern “${shown}” takes too long ${where} and was stopped. Repetitions inside repetitions and references such as \\1 cost most.`,
    )
    this.values = values
  }
}

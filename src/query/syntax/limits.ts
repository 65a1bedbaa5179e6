/** Bounds on what one text may ask for; beyond them it is refused before it is parsed. */
export const LIMITS = {
  /** UTF-16 units of the whole text. */
  textLength: 65_536,
  statements: 100,
  /** Items of one select list, and arguments of all calls in it. */
  items: 1000,
  /** Arithmetic operators of one statement. */
  operators: 500,
  /** AND and OR of one statement. */
  conditions: 1000,
  /** Parentheses inside parentheses, and signs in a row; parentheses between signs do not count as an end. */
  depth: 64,
  /** Problems reported for one text. */
  problems: 20,
} as const

/**
 * A `conformRegex` as something that matches whole values, or undefined where JavaScript does not understand it:
 * descriptors are written for Java, which has constructs of its own.
 */
export function conformPattern(source: string): RegExp | undefined {
  // Without the flag, escapes that mean nothing (`\_`) are allowed as they are in Java.
  for (const flags of ['u', ''])
    try {
      return new RegExp(`^(?:${source})$`, flags)
    } catch {
      // The next one may do.
    }
  return undefined
}

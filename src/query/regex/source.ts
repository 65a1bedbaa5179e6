import { RegexSyntaxError } from './errors.js'

/** A pattern and a place in it. */
export class Source {
  readonly text: string
  at = 0

  constructor(text: string) {
    this.text = text
  }

  get done(): boolean {
    return this.at >= this.text.length
  }

  /** The next UTF-16 unit, or one further on; empty at the end. */
  peek(ahead = 0): string {
    return this.text[this.at + ahead] ?? ''
  }

  starts(text: string): boolean {
    return this.text.startsWith(text, this.at)
  }

  /** Goes over a text if it comes next. */
  take(text: string): boolean {
    if (!this.starts(text)) return false
    this.at += text.length
    return true
  }

  takeMatch(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.text)
    if (match) this.at += match[0].length
    return match ?? undefined
  }

  /** The next code point, gone over. */
  next(): number {
    const codePoint = this.text.codePointAt(this.at)!
    this.at += codePoint > 0xffff ? 2 : 1
    return codePoint
  }

  /** `(?x)`: white space and comments are no part of the pattern. */
  skipComments(): void {
    this.takeMatch(/(?:[ \t\n\v\f\r]|#[^\n\r\u0085\u2028\u2029]*)+/y)
  }

  fail(message: string, from = this.at, length = 1): never {
    const offset = Math.min(from, this.text.length)
    throw new RegexSyntaxError(message, offset, Math.min(length, this.text.length - offset))
  }
}

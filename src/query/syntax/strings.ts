/**
 * Strings stand in double or single quotes. A backslash is an ordinary character, so that a regular expression is
 * written as it is (`"yarn:root\..*"`), except in a run of backslashes directly before the quote: there each pair
 * stands for one, and an odd one makes the quote a part of the string. So every string can be written.
 */

/** The text between the quotes of a complete string token. */
export function unquote(image: string): string {
  const quote = image[0]!
  const body = image.slice(1, -1)
  if (!body.includes('\\')) return body
  const run = quote === '"' ? /(\\+)("|$)/g : /(\\+)('|$)/g
  return body.replace(run, (_, slashes: string, end: string) => slashes.slice(0, slashes.length >> 1) + end)
}

/** Writes a text in double quotes, so that `unquote(quote(text)) === text`. */
export function quote(text: string): string {
  return `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/\\+$/, '$&$&')}"`
}

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

/** Text of a kernel file, or undefined where it is missing or cannot be read: kernels and containers differ. */
export function readText(root: string, path: string): string | undefined {
  try {
    return readFileSync(`${root}/${path}`, 'utf8')
  } catch {
    return undefined
  }
}

/** As `readText`, for files whose driver may take its time to answer. */
export async function readTextAsync(root: string, path: string): Promise<string | undefined> {
  try {
    return await readFile(`${root}/${path}`, 'utf8')
  } catch {
    return undefined
  }
}

/** NaN for what is missing, empty or no plain decimal number: it is then not reported. */
export const numberOf = (text: string | undefined): number =>
  text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN

/** `key value …` or `key: value …` lines as a map of the first values; lines of another form are left out. */
export function keyValues(text: string): Map<string, number> {
  const values = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [key, value] = line.split(/[:\s]+/, 2)
    const number = numberOf(value)
    if (key && !Number.isNaN(number)) values.set(key, number)
  }
  return values
}

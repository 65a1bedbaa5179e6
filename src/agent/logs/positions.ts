import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { Position } from './follower.js'

export interface Positions {
  get(path: string): Position | undefined
  /** By path, of all files that are followed now; what is not in it is remembered for a while. */
  save(current: ReadonlyMap<string, Position>): Promise<void>
}

interface Kept extends Position {
  /** When it was followed last. */
  at: number
}

const KEEP_MS = 7 * 86_400_000
const MOST = 5_000

/**
 * How far each file has been read, in a file of the agent's. It is written as a whole and renamed, so that it is never half
 * there; one that cannot be read counts as none.
 */
export async function openPositions(
  path: string,
  logger: Logger,
  now: () => number = Date.now,
): Promise<Positions> {
  let kept = new Map<string, Kept>()
  let written = ''
  try {
    const read: unknown = JSON.parse(await readFile(path, 'utf8'))
    for (const [name, value] of Object.entries((read ?? {}) as Record<string, unknown>))
      if (isKept(value)) kept.set(name, value)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      logger.warn(
        { path, error: String(error) },
        'Where logs were read to is not known; they are read from their ends',
      )
  }

  return {
    get: (name) => kept.get(name),
    async save(current) {
      const at = now()
      const next = new Map<string, Kept>()
      for (const [name, position] of current) next.set(name, { ...position, at })
      for (const [name, position] of kept)
        if (!next.has(name) && at - position.at < KEEP_MS && next.size < MOST) next.set(name, position)
      kept = next
      // Of a file that does not change the time alone does; that is worth writing now and then only.
      const text = JSON.stringify(
        Object.fromEntries([...current].map(([name, one]) => [name, [one.file, one.offset]])),
      )
      if (text === written) return
      await writeFile(`${path}.new`, JSON.stringify(Object.fromEntries(kept)), { mode: 0o600 })
      await rename(`${path}.new`, path)
      written = text
    },
  }
}

function isKept(value: unknown): value is Kept {
  const { file, offset, print, printed, at } = (value ?? {}) as Partial<Kept>
  return (
    typeof file === 'string' &&
    Number.isSafeInteger(offset) &&
    offset! >= 0 &&
    typeof print === 'string' &&
    Number.isSafeInteger(printed) &&
    printed! >= 0 &&
    printed! <= 256 &&
    typeof at === 'number'
  )
}

import { afterEach } from 'vitest'
import { type Program, stopProgram, temporaryFolder } from './program.js'

/** What the tests of a file make, and what goes again after each of them, the last first. */
export function useOwned() {
  const cleanups: (() => unknown)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })
  return {
    cleanups,
    folder(): string {
      const { path, remove } = temporaryFolder()
      cleanups.push(remove)
      return path
    },
    /** Stops the program at the end. */
    owned<T extends Program>(program: T): T {
      cleanups.push(() => stopProgram(program))
      return program
    },
  }
}

export interface Rounds<T> {
  /** The result of a run that has begun after this call. */
  next(): Promise<T>
  /** Those under way and waited for. */
  readonly pending: readonly (Promise<T> | undefined)[]
}

/** Runs `run` one at a time; all who ask while one is under way share the one after it. */
export function createRounds<T>(run: () => Promise<T>): Rounds<T> {
  let running: Promise<T> | undefined
  /** The one after it, when somebody has asked meanwhile. */
  let following: Promise<T> | undefined

  function next(): Promise<T> {
    if (running !== undefined) {
      // What is under way may have passed by what the caller has just told.
      const again = () => {
        following = undefined
        return next()
      }
      following ??= running.then(again, again)
      return following
    }
    running = run().finally(() => {
      running = undefined
    })
    return running
  }

  return {
    next,
    get pending() {
      return [running, following]
    },
  }
}

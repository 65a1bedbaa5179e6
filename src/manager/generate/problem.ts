/** Why a process cannot be made: each place with what is wrong there and what to do. */
export interface GenerationProblem {
  /** `KAFKA_BROKER startRunner args[1]`, `file server.properties, entry zookeeper.connect`. */
  readonly place: string
  readonly message: string
}

export class GenerationError extends Error {
  override name = 'GenerationError'
  readonly problems: readonly GenerationProblem[]
  constructor(what: string, problems: readonly GenerationProblem[]) {
    super(`${what}: ${problems.map((each) => `${each.place}: ${each.message}`).join('; ')}`)
    this.problems = problems
  }
}

import type { BaseLogger } from 'pino'

/** Runs the task every so often (times `stretch`), never twice at once; a failure is logged. Returns how to end it. */
export function every(
  ms: number,
  task: () => Promise<void>,
  failure: string,
  logger: BaseLogger,
  stretch: () => number = () => 1,
): () => void {
  if (ms <= 0) return () => undefined
  let timer: NodeJS.Timeout
  let ended = false
  const next = () => {
    timer = setTimeout(run, ms * Math.max(1, stretch())).unref()
  }
  const run = async () => {
    try {
      await task()
    } catch (error) {
      if (!ended) logger.debug({ err: error }, `metrics store: ${failure}`)
    }
    if (!ended) next()
  }
  next()
  return () => {
    ended = true
    clearTimeout(timer)
  }
}

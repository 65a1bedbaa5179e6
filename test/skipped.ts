import type { Reporter, TestModule, Vitest } from 'vitest/node'

/** Says at the end which tests were not run, and why: a skip that nobody sees would pass for a success. */
export default class SkippedReporter implements Reporter {
  #picked = false

  onInit(vitest: Vitest): void {
    this.#picked = vitest.config.testNamePattern !== undefined
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#picked) return // by `-t`: those who asked for a few know that the others were left out
    const lines = modules.flatMap((module) =>
      [...module.children.allTests('skipped')].map((test) => {
        const result = test.result()
        const why = result.state === 'skipped' && result.note ? `: ${result.note}` : ''
        return `  ${module.relativeModuleId} > ${test.fullName}${why}\n`
      }),
    )
    if (lines.length > 0) process.stdout.write(`\n NOT TESTED HERE (${lines.length}):\n${lines.join('')}`)
  }
}

/** Mutated pages as the agent scrapes them, Prometheus, OpenMetrics and JMX, twenty times as many as in `npm test`. */
process.env.FUZZ_INPUTS ??= '200000'
await import('../agent/scrape-targets.test.js')

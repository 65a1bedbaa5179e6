import { test } from 'vitest'
import { FORMATS } from '../ingest/support/formats.js'
import { fuzz, fuzzStatsd } from '../ingest/support/fuzz.js'

/** Run with `FUZZ_INPUTS=1000000 npx vitest run --config test/long/vitest.config.ts`. Default: 200,000 a format. */
const INPUTS = Number(process.env.FUZZ_INPUTS ?? 200_000)
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1e9)

test.each(FORMATS)(
  `$name: ${INPUTS} mutated bodies, seed ${SEED}`,
  (format) => fuzz(format, INPUTS, SEED),
  3_600_000,
)

test(`StatsD: ${INPUTS} mutated packets, seed ${SEED}`, () => fuzzStatsd(INPUTS, SEED), 3_600_000)

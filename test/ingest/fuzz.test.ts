import { test } from 'vitest'
import { FORMATS } from './support/formats.js'
import { fuzz, fuzzStatsd } from './support/fuzz.js'

/** `test/long/ingest-fuzz.test.ts` does ten times as many and more. */
test.each(FORMATS)('$name: 10,000 mutated bodies neither crash nor hang nor leave the bounds', (format) => {
  fuzz(format, 10_000, 1)
})

test('StatsD: 10,000 mutated packets neither crash nor hang nor leave the bounds', () => {
  fuzzStatsd(10_000, 1)
})

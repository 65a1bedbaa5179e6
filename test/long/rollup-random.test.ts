/** The rollups of random data with thrice as many buckets. */
process.env.BELLWETHER_TEST_ROLLUP_PLACES ??= '200'
await import('../metrics/rollup/fold.test.js')

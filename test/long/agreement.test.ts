/** The naive evaluator's queries, ten times as many: `BELLWETHER_TEST_CASES=50000 npm run test:long -- agreement`. */
process.env.BELLWETHER_TEST_CASES ??= '7000'
await import('../query/agreement.test.js')

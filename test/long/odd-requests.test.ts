/** Every odd name and value at every endpoint, not only some of them. */
process.env.BELLWETHER_TEST_WHOLE = '1'
await import('../manager/api/bad-input.test.js')
await import('../manager/api/every-endpoint.test.js')

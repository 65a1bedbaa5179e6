/**
 * The tests of queries once more, with every read that can be from memory. The same promises hold: values, times, order,
 * errors, bounds.
 */
process.env.BELLWETHER_TEST_HOT = '1'
await import('./agreement.test.js')
await import('./functions.test.js')
await import('./api.test.js')
await import('./across.test.js')

/** The alert publisher killed in 20 rounds, between accept and delivery. */
process.env.BELLWETHER_TEST_KILLS ??= '20'
await import('../alerts/process.test.js')

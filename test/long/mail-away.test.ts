/** The mail server away for a minute. */
process.env.BELLWETHER_TEST_AWAY_MS ??= '60000'
await import('../alerts/email.test.js')

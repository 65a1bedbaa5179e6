/** The rule itself is shared with the agent, which sends what it has scraped under the same names. */
export * from '../wire/naming.js'

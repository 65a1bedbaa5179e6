import { createRequire } from 'node:module'
import type netSnmp from 'net-snmp'

const require = createRequire(import.meta.url)

let loaded: typeof netSnmp | undefined

/** net-snmp, read when there is a receiver for it: it is a third of the time that the publisher takes to start. */
export function snmp(): typeof netSnmp {
  return (loaded ??= require('net-snmp') as typeof netSnmp)
}

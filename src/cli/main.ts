#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { packagePath } from '../wire/package-folder.js'
import { nameSources } from './source-names.js'

const SUMMARY = `Bellwether, a metrics-first cluster manager

Usage: bellwether COMMAND [OPTIONS]

  up               Run everything on this host
  manager          Run the manager: web and API
  monitor          Run the monitor: ingest, query, health
  agent            Run the agent of this host
  alert-publisher  Run the alert publisher: e-mail, SNMP, webhook, script
  query "SELECT …" Ask the metrics store
  version          Print the version

bellwether COMMAND --help lists the options of a command.
`

const commands: Record<string, () => Promise<{ run: (args: string[]) => Promise<number> }>> = {
  up: () => import('./up.js'),
  manager: () => import('./manager.js'),
  monitor: () => import('./monitor.js'),
  agent: () => import('./agent.js'),
  'alert-publisher': () => import('./alert-publisher.js'),
  query: () => import('./query.js'),
}

/** As `engines` in package.json says, in words that older ones can read. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isTooOld = major < 20 || (major === 20 && minor < 19)

async function main([command, ...rest]: string[]): Promise<number> {
  if (command === 'version' || command === '--version') {
    const manifest = JSON.parse(readFileSync(packagePath('package.json'), 'utf8'))
    process.stdout.write(`${manifest.version}\n`)
    return 0
  }
  if (command === undefined || command === 'help' || command === '--help' || command === '-h') {
    process.stdout.write(SUMMARY)
    return command === undefined ? 2 : 0
  }
  if (isTooOld) {
    process.stderr.write(`Bellwether needs Node 20.19 or later; this is ${process.versions.node}.\n`)
    return 78
  }
  const load = Object.hasOwn(commands, command) ? commands[command] : undefined
  if (!load) {
    process.stderr.write(`There is no command ${JSON.stringify(command)}.\n\n${SUMMARY}`)
    return 2
  }
  return (await load()).run(rest)
}

nameSources()
process.exitCode = await main(process.argv.slice(2))

/** In a network namespace of its own (`unshare --net`): which address the agent takes for the host's. Prints JSON. */
import { execSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { networkInterfaces } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { startHeartbeat } from '../../dist-modules/agent/heartbeat/client.js'
import { hostFacts } from '../../dist-modules/agent/heartbeat/facts.js'
import { createTransport } from '../../dist-modules/agent/heartbeat/transport.js'

const begun = performance.now()
const tell = (what) => process.stderr.write(`${Math.round(performance.now() - begun)} ms: ${what}\n`)
const ip = (command) => {
  tell(command)
  execSync(`ip ${command}`)
}
const first = (hints) => hostFacts('h', '/proc', false, hints).addresses[0] ?? null

const told = []
let heartbeat
setTimeout(() => {
  tell(`the manager was told only ${JSON.stringify(told)}: ${JSON.stringify(heartbeat?.status())}`)
  process.exit(1)
}, 30_000).unref()
ip('link set lo up')
const alone = first()
// By text the bridge's is the first of all.
for (const [name, address] of [
  ['docker0', '10.1.0.1/16'],
  ['lan0', '10.9.0.2/24'],
  ['lan1', '10.7.0.2/24'],
  ['lan2', '10.8.0.2/24'],
]) {
  // The other end of a pair has no address.
  ip(`link add ${name} type ${name === 'docker0' ? 'bridge' : `veth peer name ${name}p`}`)
  if (name !== 'docker0') ip(`link set ${name}p up`)
  ip(`address add ${address} dev ${name}`)
  ip(`link set ${name} up`)
}
// The kernel says within a second, not at once, that a link runs, and only those that do are listed.
for (const name of ['docker0', 'lan0', 'lan1', 'lan2'])
  while (!networkInterfaces()[name]?.some(({ family }) => family === 'IPv4')) await delay(10)
tell('all links run')
const without = first()
ip('route add default via 10.9.0.1 dev lan0 metric 200')
ip('route add default via 10.7.0.1 dev lan1 metric 100')
const byRoute = first()

// A manager that wants the next beat in an hour: what it is told twice is told at once.
const manager = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  const { facts, protocol, sequence } = JSON.parse(body)
  tell(`beat ${sequence}`)
  if (facts) told.push(facts.addresses)
  const clock = { received: Date.now(), sent: Date.now() }
  const answer = {
    protocol,
    sequence,
    deploymentId: 'd',
    term: 1,
    generation: 0,
    nextIntervalMs: 3_600_000,
    clock,
  }
  response.end(JSON.stringify(answer))
  if (told.length === 2) await end()
}).listen(0, '10.8.0.2')
await once(manager, 'listening')
const quiet = () => undefined
heartbeat = startHeartbeat({
  ...{
    urls: [`http://10.8.0.2:${manager.address().port}`],
    token: 't',
    hostId: 'h',
    bootId: 'b',
    agentVersion: '1',
  },
  store: { held: { term: 0, generation: 0, faults: [] }, saveTerm: async () => undefined },
  runner: { report: () => ({ processes: [], clientConfigs: [], settled: true }), told: quiet, wake: quiet },
  facts: (reachedFrom) => hostFacts('h', '/proc', false, { reachedFrom }),
  transport: createTransport(undefined),
  logger: { info: quiet, warn: quiet, error: quiet, debug: quiet },
})
async function end() {
  await heartbeat.stop()
  manager.close().closeAllConnections()
  const given = first({ reachedFrom: '10.8.0.2', given: '192.0.2.7' })
  process.stdout.write(JSON.stringify({ alone, without, byRoute, told, given }))
}

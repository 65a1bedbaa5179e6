// What agent and supervisor cost with processes: `node test/agent/processes-cost.mjs PROCESSES SECONDS INTERVAL_MS`.
// Figures: docs/decisions/0011-supervisor.md.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const [count = '20', seconds = '60', interval = '60000'] = process.argv.slice(2)
const processes = Array.from({ length: Number(count) }, (_, i) => ({
  id: i + 1,
  name: `${i + 1}-cost-SERVER`,
  program: 'sleep',
  args: ['100000'],
  autoRestart: true,
  startSeconds: 1,
  environment: { A: 'x'.repeat(1000) },
  files: [{ path: 'conf/site.xml', mode: '0644', content: 'x'.repeat(20_000) }],
  entity: { name: `cost-SERVER-${i}`, attributes: { serviceName: 'cost', roleType: 'SERVER', hostId: 'h' } },
}))
let last
let beats = 0
let bytes = 0
let seen = () => {}
let release = () => {}
const generation = 1
let arrived = 0
const server = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    if (request.url !== '/agent/heartbeat') return response.end('{}')
    const body = Buffer.concat(chunks)
    bytes += body.length
    beats++
    last = JSON.parse(body)
    arrived = performance.now()
    release()
    seen()
    const received = Date.now()
    const answer = () =>
      response.end(
        JSON.stringify({
          protocol: 1,
          deploymentId: 'cost',
          term: 1,
          sequence: last.sequence,
          generation,
          nextIntervalMs: 0,
          clock: { received, sent: Date.now() },
          ...(last.generation === generation
            ? {}
            : { desired: { processes, metricSets: {}, clientConfigs: [] } }),
        }),
      )
    if (last.generation !== generation || last.waitMs === 0) return answer()
    const timer = setTimeout(answer, 15_000)
    release = () => {
      clearTimeout(timer)
      if (!response.writableEnded && !response.destroyed) answer()
    }
  })
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}`
const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-cost-'))
const options = { dataDir, monitorUrl: url, managerUrls: [url], intervalMs: Number(interval), statusPort: -1 }
const agent = spawn(
  process.execPath,
  [new URL('./run-agent.mjs', import.meta.url).pathname, JSON.stringify(options)],
  {
    stdio: ['ignore', 'ignore', 'inherit'],
  },
)
const until = async (condition) => {
  while (!condition()) await new Promise((resolve) => (seen = resolve))
}
const began = performance.now()
await until(() => last?.processes.filter(({ pid }) => pid).length === Number(count))
console.log(`all started after ${Math.round(performance.now() - began)} ms`)
await until(() => last.processes.every(({ state }) => state === 'RUNNING'))

const exits = []
for (let i = 0; i < 10; i++) {
  const { id, pid } = last.processes[i % Number(count)]
  await delay(500)
  const killed = performance.now()
  process.kill(pid, 'SIGKILL')
  await until(() => last.processes.find((one) => one.id === id).exit)
  exits.push(arrived - killed)
  await until(() => last.processes.every(({ state }) => state === 'RUNNING'))
}
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1].toFixed(1)
console.log(`exit to the manager: median ${median(exits)} ms, longest ${Math.max(...exits).toFixed(1)} ms`)

const supervisor = Number(readFileSync(join(dataDir, 'supervisor/supervisor.lock'), 'utf8').split(' ')[0])
const cpu = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').map(Number)
  return (fields[11] + fields[12]) / 100
}
const memory = (pid) => {
  const of = (file, key) =>
    Math.round(
      Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/${file}`, 'utf8'))[1]) /
        1024,
    )
  return `resident ${of('status', 'VmRSS')} MB, of which its own ${of('status', 'RssAnon')} MB; proportional ${of('smaps_rollup', 'Pss')} MB`
}
await delay(3000)
const before = { agent: cpu(agent.pid), supervisor: cpu(supervisor), beats, bytes }
await delay(Number(seconds) * 1000)
for (const [name, pid] of Object.entries({ agent: agent.pid, supervisor }))
  console.log(
    `${name}: ${((100 * (cpu(pid) - before[name])) / Number(seconds)).toFixed(3)} % of a core, ${memory(pid)}`,
  )
console.log(
  `beats: ${beats - before.beats} in ${seconds} s, ${Math.round((bytes - before.bytes) / Math.max(1, beats - before.beats))} bytes each`,
)

agent.kill('SIGTERM')
await new Promise((resolve) => agent.once('exit', resolve))
const { hardStop } = await import('../../dist-modules/agent/index.js')
await hardStop(dataDir, { info() {} })
server.close()
server.closeAllConnections()
rmSync(dataDir, { recursive: true, force: true })

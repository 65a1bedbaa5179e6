// What the built agent costs: `node test/agent/cost.mjs INTERVAL_MS SECONDS [OPTIONS_JSON]`. Figures: docs/decisions/0007-agent.md.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const [interval = '10000', seconds = '60', more = '{}'] = process.argv.slice(2)
let batches = 0
let bytes = 0
const receiver = createServer((request, response) => {
  request.on('data', (chunk) => (bytes += chunk.length))
  request.on('end', () => {
    batches++
    response.end('{}')
  })
})
await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve))

const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-cost-'))
const monitorUrl = `http://127.0.0.1:${receiver.address().port}`
const options = { dataDir, monitorUrl, intervalMs: Number(interval), statusPort: -1, ...JSON.parse(more) }
const script = new URL('./run-agent.mjs', import.meta.url).pathname
const agent = spawn(process.execPath, [script, JSON.stringify(options)], {
  stdio: ['ignore', 'ignore', 'inherit'],
})

/** CPU seconds of the process and of the children it has waited for. */
function cpu() {
  const fields = readFileSync(`/proc/${agent.pid}/stat`, 'utf8').split(') ')[1].split(' ').map(Number)
  return { self: (fields[11] + fields[12]) / 100, children: (fields[13] + fields[14]) / 100 }
}

await delay(3000)
const before = { ...cpu(), batches, bytes }
await delay(Number(seconds) * 1000)
const after = cpu()
const share = (grown) => `${((100 * grown) / Number(seconds)).toFixed(3)} % of a core`
console.log({
  interval,
  agent: share(after.self - before.self),
  children: share(after.children - before.children),
  resident: `${Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))[1]) / 1024)} MB`,
  batches: batches - before.batches,
  bytesPerBatch: Math.round((bytes - before.bytes) / (batches - before.batches)),
})
agent.kill('SIGTERM')
await new Promise((resolve) => agent.once('exit', resolve))
receiver.close()
receiver.closeAllConnections()
rmSync(dataDir, { recursive: true, force: true })

// A manager as a process of its own, to be killed: waits for the lease, says where it listens and its term.
//   node manager-process.mjs DATABASE_URL KEY
import { Hono } from 'hono'
import { listen } from '../../dist-modules/cli/listen.js'
import {
  agentRoutes,
  createCore,
  lead,
  loadCommonFiles,
  loadDescriptors,
  openDatabase,
  ourDescriptors,
  parseKeyring,
  planServiceRollingRestart,
  planServiceStart,
  serviceNamed,
  startActive,
} from '../../dist-modules/manager/index.js'

const [url, key] = process.argv.slice(2)
const logger = { debug() {}, info() {}, warn() {}, error: console.error }
const { db, deploymentId } = await openDatabase(url)
const leadership = await lead({
  db,
  holder: { id: String(process.pid), url: 'http://none' },
  logger,
  // Nobody loses it because the machine is busy; the test ends it.
  times: { durationMs: 60_000, renewMs: 400, marginMs: 10_000 },
})
const core = createCore({
  db,
  deploymentId,
  term: leadership.term,
  keys: parseKeyring(key, 'the test'),
  descriptors: await loadDescriptors([{ path: ourDescriptors(), builtIn: true }]),
  common: await loadCommonFiles(),
  logger,
})
const active = await startActive({ core })
await active.tokens.allowJoinToken('join-token')
const listening = await listen(new Hono().route('/', agentRoutes({ active: () => active })), '127.0.0.1', 0)
process.on('message', async (name) => {
  const at = await active.commands.at()
  const service = serviceNamed(at.instances.model, 'c1', 'zk')
  const plan = name === 'start' ? planServiceStart(at, service) : planServiceRollingRestart(at, service)
  const { id } = await active.commands.submit(plan, 'admin')
  process.send({ command: id })
})
process.send({ url: listening.url, term: leadership.term() })

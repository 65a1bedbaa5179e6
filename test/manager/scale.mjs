// What 1,000 agents of 20 roles each cost `bellwether manager`: CPU, memory, time to an answer. Needs a built dist/.
//   node test/manager/scale.mjs [--hosts 1000] [--roles 20] [--seconds 60] [--held]
// Its exit code is 1 where that is more than 50 % of one core, 500 MB, 100 ms (99th percentile), or where a beat failed.
// --held: beats are held by the manager, as those of our agents; otherwise each is answered at once.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    hosts: { type: 'string', default: '1000' },
    roles: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '60' },
    held: { type: 'boolean', default: false },
  },
})
const hosts = Number(values.hosts)
const roles = Number(values.roles)
const seconds = Number(values.seconds)
const log = { debug() {}, info() {}, warn: console.error, error: console.error }
const dist = (path) => import(new URL(`../../dist-modules/${path}`, import.meta.url))

const KEY = `scale:${Buffer.alloc(32, 1).toString('base64')}`
const BARS = { cpuPercentOfOneCore: 50, rssMB: 500, p99Ms: 100 }

await runSimulator()

async function openCore(url) {
  const {
    createCore,
    loadCommonFiles,
    loadDescriptors,
    openDatabase,
    ourDescriptors,
    parseKeyring,
    acquireLease,
  } = await dist('manager/index.js')
  const { db, deploymentId, close } = await openDatabase(url)
  const lease = await acquireLease(db, { id: 'scale', url: '' }, 86_400_000)
  const term = lease.term
  const core = createCore({
    db,
    deploymentId,
    term: () => term,
    keys: parseKeyring(KEY, 'this'),
    descriptors: await loadDescriptors([{ path: ourDescriptors(), builtIn: true }]),
    common: await loadCommonFiles(),
    logger: log,
  })
  return { core, close }
}

async function runSimulator() {
  const { openPostgres } = await dist('engine/index.js')
  const dataDir = await mkdtemp(join(tmpdir(), 'bellwether-scale-'))
  const postgres = await openPostgres({ dataDir: join(dataDir, 'postgres'), logger: log })
  let child
  try {
    const processes = await fill(postgres.url)
    child = await startManager(dataDir, postgres.url)
    const { url } = await new Promise((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`the manager ended with code ${code}`)))
      child.on('message', (message) => message.type === 'ready' && resolve(message))
    })
    await measure(child.pid, url.replace(/\/$/, ''), processes, postgres.pid)
  } finally {
    child?.removeAllListeners('exit')
    child?.kill('SIGKILL')
    await postgres.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** As an operator has it, over the database that has been filled. */
async function startManager(dataDir, databaseUrl) {
  const tokenFile = join(dataDir, 'join-token')
  await writeFile(tokenFile, `bwj_${'0'.repeat(40)}`, { mode: 0o600 })
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  const args = ['manager', '--data', join(dataDir, 'manager'), '--port', '0', '--join-token-file', tokenFile]
  return spawn(process.execPath, [main, ...args, '--log-level', 'warn'], {
    env: { ...process.env, BELLWETHER_DATABASE_URL: databaseUrl, BELLWETHER_DEPLOYMENT_KEY: KEY },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

/** Hosts with running roles, as after a start of all of them. */
async function fill(url) {
  const {
    addHostsToCluster,
    clusterNamed,
    createClusters,
    createHosts,
    createRoles,
    createServices,
    serviceNamed,
    withTerm,
  } = await dist('manager/index.js')
  const { packProcess } = await dist('manager/processes/spec.js')
  const { core, close } = await openCore(url)
  await core.change(async (change) => {
    await createClusters(change, [{ name: 'c' }])
    await createHosts(
      change,
      Array.from({ length: hosts }, (_, i) => ({ hostname: `host${i}.example`, hostId: hostIdOf(i) })),
    )
    const model = await change.model()
    await addHostsToCluster(change, clusterNamed(model, 'c'), [...model.hosts.values()])
    await createServices(
      change,
      clusterNamed(model, 'c'),
      Array.from({ length: roles }, (_, i) => ({ name: `s${i}`, type: 'PROCESS' })),
    )
    const all = await change.model()
    for (let i = 0; i < roles; i++)
      await createRoles(
        change,
        serviceNamed(all, 'c', `s${i}`),
        [...all.hosts.values()].map((host) => ({ type: 'INSTANCE', host })),
      )
  })
  const model = await core.model()
  const contents = Buffer.alloc(4_096, 'x')
  const { spec } = packProcess(
    core.keys,
    {
      kind: 'ROLE',
      serviceName: 's',
      serviceType: 'PROCESS',
      roleName: 'r',
      roleType: 'INSTANCE',
      program: 'common/run.sh',
      args: ['role'],
      environment: {},
      user: 'nobody',
      group: 'nogroup',
      directories: [],
      files: [
        { path: 'a.conf', mode: 0o640, contents, shown: undefined, refreshable: false, origin: 'GENERATED' },
      ],
      limits: {
        openFiles: undefined,
        cpuShares: 1024,
        ioWeight: 500,
        memorySoftBytes: -1,
        memoryHardBytes: -1,
      },
      autoRestart: true,
      startSeconds: 20,
      startRetries: 3,
      stopSeconds: 30,
      expectedExitCodes: [0],
      timeout: 0,
    },
    [],
    '',
  )
  const out = new Map()
  const list = [...model.roles.values()]
  for (let i = 0; i < list.length; i += 1_000)
    await withTerm(core.db, core.term(), async (trx) => {
      const rows = await trx
        .insertInto('process')
        .values(
          list.slice(i, i + 1_000).map((role) => ({
            kind: 'ROLE',
            name: 's-INSTANCE',
            roleId: role.id,
            serviceId: role.serviceId,
            hostId: role.hostId,
            spec,
            revision: 1,
            wanted: 'RUNNING',
            current: true,
            listed: true,
            createdAt: Date.now(),
          })),
        )
        .returning(['id', 'hostId'])
        .execute()
      for (const row of rows) {
        const { hostId } = model.hosts.get(row.hostId)
        if (!out.has(hostId)) out.set(hostId, [])
        out.get(hostId).push(row.id)
      }
    })
  // The manager is to have it at once.
  await core.db.updateTable('lease').set({ expiresAt: 0 }).execute()
  await close()
  return out
}

function hostIdOf(i) {
  return `scale-host-${String(i).padStart(6, '0')}`
}

async function measure(managerPid, url, processes, postgresPid) {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
  const times = []
  const failures = new Map()
  let desired = 0
  let measuring = false
  let stopped = false
  const beatOf = (i) => {
    const hostId = hostIdOf(i)
    const instanceId = randomUUID()
    const state = { token: `bwj_${'0'.repeat(40)}`, sequence: 0, generation: 0, started: Date.now() }
    const reports = processes.get(hostId).map((id) => ({
      id,
      name: `${id}-s-INSTANCE`,
      state: 'RUNNING',
      since: Date.now(),
      pid: 1000 + id,
      startedAt: Date.now(),
      restarts: 0,
      unexpectedExits: 0,
      revision: 1,
    }))
    return async (waitMs) => {
      const first = state.sequence === 0
      const body = JSON.stringify({
        protocol: 1,
        hostId,
        instanceId,
        bootId: 'boot-id-1',
        sequence: ++state.sequence,
        term: 1,
        agentVersion: '0.1.0',
        ...(first
          ? {
              facts: {
                hostname: `host${i}.example`,
                addresses: [`10.0.${i >> 8}.${i & 255}`],
                cores: 16,
                memory: 64e9,
                os: { name: 'x', version: '1', kernel: '6', arch: 'x64' },
                mounts: Array.from({ length: 10 }, (_, n) => ({
                  mountpoint: `/data/${n}`,
                  device: `/dev/sd${n}`,
                  type: 'ext4',
                })),
                switchesUser: true,
                cgroups: true,
              },
            }
          : {}),
        generation: state.generation,
        settled: true,
        faults: [],
        processes: reports,
        clientConfigs: [],
        commands: [],
        clock: Date.now(),
        waitMs: first ? 0 : waitMs,
      })
      const began = performance.now()
      const answer = await post(`${url}/agent/heartbeat`, body, state.token, agent)
      const took = performance.now() - began
      if (answer.agentToken) state.token = answer.agentToken
      if (answer.desired) desired++
      state.generation = answer.generation
      // Of a held beat the time is that between the end of the hold and the answer, which the manager's clock tells.
      if (measuring && !answer.desired)
        times.push(waitMs > 0 ? answer.clock.sent - answer.clock.received - 15_000 : took)
      return answer
    }
  }
  const beats = Array.from({ length: hosts }, (_, i) => beatOf(i))
  const fail = (error) => failures.set(String(error.message), (failures.get(String(error.message)) ?? 0) + 1)

  const joined = performance.now()
  for (let i = 0; i < hosts; i += 20)
    await Promise.all(beats.slice(i, i + 20).map((beat) => beat(0).catch(fail)))
  console.log(
    `joined: ${hosts} agents in ${((performance.now() - joined) / 1000).toFixed(1)} s, ${desired} desired states`,
  )

  const loops = beats.map(async (beat) => {
    await sleep(Math.random() * 15_000)
    while (!stopped) {
      const began = performance.now()
      await beat(values.held ? 20_000 : 0).catch(fail)
      await sleep(Math.max(100, values.held ? 0 : 15_000 - (performance.now() - began)))
    }
  })
  await sleep(17_000)
  /** Seconds of CPU of a process and of its children that have ended. */
  const cpuOf = async (pid) => {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14])) / 100
  }
  const rssOf = async (pid) =>
    Number(/^VmRSS:\s+(\d+)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
  measuring = true
  const [began, before, postgresBefore] = [
    performance.now(),
    await cpuOf(managerPid),
    await cpuOf(postgresPid),
  ]
  await sleep(seconds * 1_000)
  const took = (performance.now() - began) / 1000
  const cpu = (await cpuOf(managerPid)) - before
  const rss = await rssOf(managerPid)
  measuring = false
  stopped = true
  times.sort((a, b) => a - b)
  const at = (p) => Number((times[Math.floor(times.length * p)] ?? 0).toFixed(1))
  const result = {
    hosts,
    roles,
    held: values.held,
    seconds: Math.round(took),
    beats: times.length,
    cpuPercentOfOneCore: Math.round((cpu / took) * 1000) / 10,
    rssMB: Math.round(rss / 1e6),
    latencyMs: { p50: at(0.5), p99: at(0.99), max: at(0.9999) },
    postgresCpuSeconds: Math.round(((await cpuOf(postgresPid)) - postgresBefore) * 10) / 10,
    failures: Object.fromEntries(failures),
  }
  console.log(JSON.stringify(result))
  const isWithin =
    times.length > 0 &&
    failures.size === 0 &&
    result.cpuPercentOfOneCore < BARS.cpuPercentOfOneCore &&
    result.rssMB < BARS.rssMB &&
    result.latencyMs.p99 < BARS.p99Ms
  if (!isWithin) process.exitCode = 1
  void loops
  agent.destroy()
}

function post(url, body, token, agent) {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method: 'POST',
        agent,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          authorization: `Bearer ${token}`,
        },
      },
      (response) => {
        const chunks = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          if (response.statusCode !== 200)
            reject(new Error(`HTTP ${response.statusCode}: ${text.slice(0, 200)}`))
          else resolve(JSON.parse(text))
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

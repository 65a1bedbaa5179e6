import { randomBytes } from 'node:crypto'
import { newKey, parseKeyring } from '../../src/manager/configuration/index.js'
import { type Core, createCore } from '../../src/manager/core.js'
import { acquireLease, type OpenDatabase } from '../../src/manager/database/index.js'
import {
  type DescriptorSet,
  loadCommonFiles,
  loadDescriptors,
  ourDescriptors,
} from '../../src/manager/descriptors/index.js'
import {
  addHostsToCluster,
  clusterNamed,
  createClusters,
  createHosts,
  createRoles,
  createServices,
  hostNamed,
  loadModel,
  type Model,
  serviceNamed,
} from '../../src/manager/model/index.js'
import { silent, type TestPostgres } from './support.js'

/** Read once: they are data that nobody changes. */
let ours: Promise<[DescriptorSet, Core['common']]> | undefined

/** A core on a new database, whose manager has the lease. */
export async function newCore(
  server: TestPostgres,
  options: { url?: string; keys?: string; database?: OpenDatabase; logger?: object } = {},
): Promise<Core> {
  const { db, deploymentId } = options.database ?? (await server.open(options.url))
  const lease = await acquireLease(db, { id: randomBytes(4).toString('hex'), url: 'http://test' }, 3_600_000)
  if (!lease.acquired) throw new Error('the lease is taken')
  ours ??= Promise.all([loadDescriptors([{ path: ourDescriptors(), builtIn: true }]), loadCommonFiles()])
  const [descriptors, common] = await ours
  const core = createCore({
    db,
    deploymentId,
    term: () => lease.term,
    keys: parseKeyring(options.keys ?? newKey('test'), 'the test'),
    descriptors,
    common,
    logger: (options.logger ?? silent) as Core['logger'],
  })
  return {
    ...core,
    async change(work) {
      const result = await core.change(work)
      await keepsTheLaw(core)
      return result
    },
  }
}

/** Whatever a change did: the model in memory is the one that a new manager would read, in the same order. */
async function keepsTheLaw(core: Core): Promise<void> {
  const kept = await core.model()
  const read = await core.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute((trx) => loadModel(trx))
  // Another change has come in between: it is looked at after that.
  if (kept.version !== read.version) return
  for (const part of Object.keys(read) as (keyof Model)[])
    if (text(kept[part]) !== text(read[part]))
      throw new Error(
        `the model's ${part} is not what the database has:\n${text(kept[part])}\n${text(read[part])}`,
      )
}

/** Rows are in an order; what goes by a key of another kind (values, tags, indexes) is in none. */
const text = (part: unknown) =>
  JSON.stringify(part instanceof Map && !isRows(part) ? new Map([...part].sort()) : part, (_, value) =>
    value instanceof Map ? [...value] : value instanceof Set ? [...value].sort() : value,
  )
const isRows = (map: Map<unknown, unknown>) =>
  [...map].every(([id, row]) => (row as { id?: unknown }).id === id)

/** Cluster `c1` with hosts `h1` … `hN`, all in it. */
export async function addCluster(core: Core, hosts: number): Promise<void> {
  await core.change(async (change) => {
    await createClusters(change, [{ name: 'c1', fullVersion: '7.1.7' }])
    await createHosts(
      change,
      Array.from({ length: hosts }, (_, i) => ({
        hostname: `h${i + 1}`,
        hostId: `host-id-${i + 1}`,
        ipAddress: '127.0.0.1',
      })),
    )
    const model = await change.model()
    await addHostsToCluster(change, clusterNamed(model, 'c1'), [...model.hosts.values()])
  })
}

/** A service of cluster `c1` with a role of a type on each of these hosts. */
export async function addService(
  core: Core,
  name: string,
  type: string,
  roleType: string,
  hosts: string[],
): Promise<void> {
  await core.change(async (change) => {
    await createServices(change, clusterNamed(await change.model(), 'c1'), [{ name, type }])
    const model = await change.model()
    await createRoles(
      change,
      serviceNamed(model, 'c1', name),
      hosts.map((host) => ({ type: roleType, host: hostNamed(model, host) })),
    )
  })
}

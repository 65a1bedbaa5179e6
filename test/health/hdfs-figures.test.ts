import { expect, test } from 'vitest'
import { createReader } from '../../src/agent/scrape/scrape.js'
import { collectionTargets } from '../../src/manager/generate/index.js'
import type { MetricRule } from '../../src/wire/heartbeat.js'
import { inputFor, ourType, serviceOf } from '../manager/descriptors/support/model.js'

/** Pages in the shape of Hadoop 3's `/jmx`, by the names of its documentation: of a real one only what is asked for. */
const jvm = (service: string) => [
  { name: 'java.lang:type=Memory', HeapMemoryUsage: { committed: 9, init: 9, max: 1000, used: 400 } },
  { name: `Hadoop:service=${service},name=JvmMetrics`, GcTimeMillis: 12, GcCount: 3 },
]
const volume = (numBlocks: number) => ({
  ...{ usedSpace: 10, freeSpace: 90, reservedSpace: 0, reservedSpaceForReplicas: 0 },
  ...{ numBlocks, storageType: 'DISK' },
})
const PAGES: Record<string, object[]> = {
  NAMENODE: [
    ...jvm('NameNode'),
    {
      name: 'Hadoop:service=NameNode,name=FSNamesystem',
      'tag.HAState': 'active',
      LastCheckpointTime: Date.now() - 7_200_000,
      TransactionsSinceLastCheckpoint: 17,
    },
    {
      name: 'Hadoop:service=NameNode,name=NameNodeInfo',
      NameDirStatuses: '{"failed":{"/dfs/nn2":"IMAGE_AND_EDITS"},"active":{"/dfs/nn":"IMAGE_AND_EDITS"}}',
    },
    {
      name: 'Hadoop:service=NameNode,name=RpcActivityForPort8020',
      RpcQueueTimeAvgTime: 0.25,
      RpcProcessingTimeNumOps: 900,
      RpcProcessingTimeAvgTime: 1.5,
    },
    { name: 'Hadoop:service=NameNode,name=RpcActivityForPort8022', RpcProcessingTimeAvgTime: 99 },
  ],
  DATANODE: [
    ...jvm('DataNode'),
    {
      name: 'Hadoop:service=DataNode,name=DataNodeInfo',
      XceiverCount: 6,
      VolumeInfo: JSON.stringify({ '/dfs/dn1': volume(40), '/dfs/dn2': volume(2) }),
    },
    {
      name: 'Hadoop:service=DataNode,name=FSDatasetState',
      Capacity: 200,
      Remaining: 180,
      NumFailedVolumes: 0,
    },
  ],
  JOURNALNODE: [
    ...jvm('JournalNode'),
    { name: 'Hadoop:service=JournalNode,name=Journal-nameservice1', CurrentLagTxns: 4, Syncs60sNumOps: 1 },
  ],
}

const EXPECTED: Record<string, Record<string, number>> = {
  NAMENODE: {
    hdfs_failed_name_directories: 1,
    hdfs_rpc_processing_avg_time: 1.5,
    hdfs_rpc_queue_avg_time: 0.25,
    hdfs_rpc_num_ops: 900,
    hdfs_transactions_since_checkpoint: 17,
    hdfs_is_active: 1,
    hdfs_jvm_heap_used: 400,
    hdfs_jvm_heap_max: 1000,
  },
  DATANODE: { hdfs_datanode_blocks: 42, hdfs_datanode_transceivers: 6, hdfs_datanode_remaining: 180 },
  JOURNALNODE: { hdfs_journal_lag_txns: 4, hdfs_jvm_heap_used: 400 },
}

test.each(Object.keys(PAGES))("what HDFS's tests ask for is read from the page of a %s", async (type) => {
  const roles = [{ type: 'NAMENODE' }, { type: 'DATANODE' }, { type: 'JOURNALNODE' }]
  const service = serviceOf(await ourType('HDFS'), { roles })
  const [target] = collectionTargets(
    await inputFor(
      service,
      roles.findIndex((role) => role.type === type),
    ),
  )
  const rules = target!.metrics.map(
    ({ name, context, scale, as, valueMap }): MetricRule => ({
      context,
      metric: { name },
      scale,
      ...(as ? { as } : {}),
      ...(valueMap ? { valueMap } : {}),
    }),
  )
  const page = Buffer.from(JSON.stringify({ beans: PAGES[type] }))
  const read = createReader('jmx', rules)(page).map(({ metric, value }) => [metric.name, value] as const)
  const found: Record<string, number> = Object.fromEntries(read)
  expect(found).toMatchObject(EXPECTED[type]!)
  if (type !== 'NAMENODE') return
  expect(found.hdfs_checkpoint_age).toBeGreaterThanOrEqual(7_200)
  expect(found.hdfs_checkpoint_age).toBeLessThan(9_000)
})

import { expect, test } from 'vitest'
import { differences, generateRole } from '../../../src/manager/generate/index.js'
import { cpuMs } from '../../cpu-time.js'
import { inputFor, ourType, serviceOf } from './support/model.js'

test('a thousand DataNodes are generated and compared in seconds, secrets or not', async () => {
  const hdfs = await ourType('HDFS')
  const service = serviceOf(hdfs, {
    roles: [
      { type: 'NAMENODE', hostname: 'n1', config: { namenode_id: '1' } },
      { type: 'NAMENODE', hostname: 'n2', config: { namenode_id: '2' } },
      ...Array.from({ length: 1000 }, (_, i) => ({ type: 'DATANODE', hostname: `d${i}` })),
    ],
  })
  const input = await inputFor(service)
  const begin = cpuMs()
  let stale = 0
  let bytes = 0
  for (const role of service.roles) {
    const process = generateRole({ ...input, role })
    if (differences(process, generateRole({ ...input, role })).staleness !== 'FRESH') stale++
    bytes += process.files.reduce((sum, file) => sum + file.contents.length, 0)
  }
  const took = cpuMs() - begin
  console.log(
    `2004 processes in ${took.toFixed(0)} ms, ${(bytes / service.roles.length / 1024).toFixed(1)} KiB each`,
  )
  expect(stale).toBe(0)
  expect(took).toBeLessThan(20_000)
})

import { expect, test } from 'vitest'
import { loadDescriptors, ourDescriptors, problemText } from '../../../src/manager/descriptors/index.js'

test('our own descriptors load without a single problem', async () => {
  const set = await loadDescriptors([{ path: ourDescriptors(), builtIn: true }])
  expect(set.refused.flatMap((each) => each.problems.map(problemText))).toEqual([])
  expect(set.warnings.map(problemText)).toEqual([])
  expect(set.descriptors.map((each) => each.type)).toEqual(['HDFS', 'MGMT', 'PROCESS', 'ZOOKEEPER'])
})

import { loadTestFiles } from '../../src/health/tests/catalogue.js'
import type { HealthChange, HealthModel } from '../../src/wire/health.js'
import type { HealthTestFile } from '../../src/wire/health-tests.js'

let files: Promise<HealthTestFile[]> | undefined
export const testFiles = (): Promise<HealthTestFile[]> => (files ??= loadTestFiles())

/** A cluster of three hosts with a ZooKeeper of three servers, one on each. */
export function zookeeperModel(more: Partial<HealthModel> = {}): HealthModel {
  const numbers = [1, 2, 3]
  return {
    term: 1,
    version: 1,
    configs: {
      zk: {
        values: {},
        paths: { log: ['/var/log/zookeeper'], data: ['/data/zookeeper'], dataLog: ['/data/zookeeper'] },
      },
    },
    clusters: [{ identity: 'c1', name: 'c1', displayName: 'Cluster 1' }],
    services: [
      {
        identity: 'c1:zk',
        name: 'c1:zk',
        serviceName: 'zk',
        type: 'ZOOKEEPER',
        cluster: 'c1',
        expected: 'RUNNING',
      },
    ],
    hosts: numbers.map((n) => ({
      identity: `host-${n}`,
      name: `host-${n}`,
      hostname: `node${n}.example`,
      cluster: 'c1',
    })),
    roles: numbers.map((n) => ({
      identity: `zk-SERVER-${n}`,
      name: `zk-SERVER-${n}`,
      type: 'SERVER',
      service: 'c1:zk',
      host: `host-${n}`,
      expected: 'RUNNING' as const,
      config: 'zk',
    })),
    ...more,
  }
}

/** A change in short: `ROLE zk-SERVER-1 GOOD→BAD (ZOOKEEPER_SERVER_SCM_HEALTH GOOD→BAD)`. */
export function inShort({ entity, from, to, tests }: HealthChange): string {
  const changed = tests
    .filter((test) => test.from !== undefined)
    .map((test) => `${test.test} ${test.from}→${test.summary}`)
  return `${entity.category} ${entity.identity} ${from}→${to} (${changed.join(', ')})`
}

/** Takes all turns of what is done in turns. */
export function allOf<T>(turns: Generator<void, T, void>): T {
  for (;;) {
    const turn = turns.next()
    if (turn.done) return turn.value
  }
}

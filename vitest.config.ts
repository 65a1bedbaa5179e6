import { defineConfig } from 'vitest/config'
import LongestFirst from './test/order.js'

/**
 * Files that need a process of their own: they change the clock or what all of a process shares, measure it, kill and
 * start others by the dozen, or run other files under another setting. The others share a process with those before them
 * in the same worker, which saves loading the same modules some 130 times: a third of all processor time.
 */
const ALONE = [
  'test/agent/{agent,agent-process,canary,collectors,heartbeat,processes,role-metrics,stored,supervisor}.test.ts',
  'test/browser/**/*.test.ts',
  'test/engine/**/*.test.ts',
  'test/integration/**/*.test.ts',
  'test/ingest/clock.test.ts',
  'test/query/hot*.test.ts',
  'test/web/polling.test.ts',
  'test/wire/self-metrics.test.ts',
]

const LONG = 'test/long/**'

export default defineConfig({
  test: {
    pool: 'forks',
    // More than cores: many tests wait for processes, disks and timers of their own.
    maxWorkers: 6,
    sequence: { sequencer: LongestFirst },
    // Upper bounds for a machine that has a lot else to do; on an idle one nothing comes near them.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: ['./test/global-setup.ts'],
    setupFiles: ['./test/setup.ts'],
    reporters: ['default', './test/skipped.ts'],
    projects: [
      { extends: true, test: { name: 'alone', include: ALONE, exclude: [LONG] } },
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: [LONG, ...ALONE],
          isolate: false,
          env: { BELLWETHER_TEST_ENGINE: 'shared' },
        },
      },
    ],
  },
})

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/long/**'],
    pool: 'forks',
    // More than cores: many tests wait for processes, disks and timers of their own.
    maxWorkers: 3,
    // Upper bounds for a machine that has a lot else to do; on an idle one nothing comes near them.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    reporters: ['default'],
  },
})

import { defineConfig } from 'vitest/config'

/** Tests that take too long for `npm test`: `npx vitest run --config test/long/vitest.config.ts`. */
export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    globalSetup: ['./test/global-setup.ts'],
    setupFiles: ['./test/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
})

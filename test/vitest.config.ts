import { defineConfig } from 'vitest/config'

/**
 * Three kinds of test, each runnable alone: `npm run unit`, `npm run replay`, `npm run lab`; and `npm run package-test`. The timeouts are for what hangs:
 * far beyond what anything takes on a slow and busy machine.
 */
const patience = { testTimeout: 240_000, hookTimeout: 240_000, teardownTimeout: 60_000 }

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/*.test.ts'], ...patience } },
      { test: { name: 'replay', include: ['test/replay/**/*.test.ts'], ...patience } },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          fileParallelism: false,
          ...patience,
        },
      },
      { test: { name: 'package', include: ['test/package/**/*.test.ts'], fileParallelism: false, ...patience } },
    ],
  },
})

import { defineConfig } from 'vitest/config'

/** Three kinds of test, each runnable alone: `npm run unit`, `npm run replay`, `npm run lab`. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/*.test.ts'], testTimeout: 30_000 } },
      { test: { name: 'replay', include: ['test/replay/**/*.test.ts'], testTimeout: 30_000 } },
      {
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})

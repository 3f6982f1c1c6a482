import { createPublicKey } from 'node:crypto'
import { expect, test, vi } from 'vitest'

vi.mock('node:crypto', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:crypto')>()
  return { ...original, createPublicKey: vi.fn<typeof createPublicKey>(original.createPublicKey) }
})

test('OpenSSL is not loaded for a start: keys are first touched when something is validated', async () => {
  vi.resetModules()
  const { nodeAlgorithms } = await import('../../../src/dnssec/algorithms.ts')
  const algorithms = nodeAlgorithms()
  expect(createPublicKey).not.toHaveBeenCalled()
  expect(algorithms.signatures.has(13)).toBe(true)
  expect(createPublicKey).toHaveBeenCalledTimes(1) // whether SHA-1 can be verified here
  expect(algorithms.signatures).toBe(algorithms.signatures)
  expect(createPublicKey).toHaveBeenCalledTimes(1)
})

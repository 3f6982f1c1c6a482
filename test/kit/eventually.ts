import { setTimeout as pause } from 'node:timers/promises'

/**
 * Repeats a check until it no longer throws, for what the kernel or another program does in its own time. The bound is
 * for what never comes; on a busy machine everything may take long, and how long says nothing.
 */
export async function eventually<T>(check: () => T | Promise<T>, { within = 30_000 } = {}): Promise<T> {
  const deadline = performance.now() + within
  for (;;) {
    const startedAt = performance.now()
    try {
      return await check()
    } catch (reason) {
      if (startedAt > deadline) throw reason
    }
    await pause(25)
  }
}

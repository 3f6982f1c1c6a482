import { setTimeout as pause } from 'node:timers/promises'

/** Repeats a check until it no longer throws, for what the kernel or a daemon does in its own time. Bounded. */
export async function eventually<T>(check: () => T | Promise<T>, { within = 5000 } = {}): Promise<T> {
  const deadline = performance.now() + within
  for (;;) {
    try {
      return await check()
    } catch (reason) {
      if (performance.now() > deadline) throw reason
    }
    await pause(25)
  }
}

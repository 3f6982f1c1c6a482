import { isIPv6 } from 'node:net'
import { setFlagsFromString } from 'node:v8'

/** Modules of Node below one that is used, each before those that load it: one takes a few milliseconds to load. */
const MODULES = {
  tls: ['node:crypto', 'node:tls'],
  http2: ['node:crypto', 'node:tls', 'node:assert', 'node:http', 'node:http2'],
} as const

/** Node tells names from addresses by an expression that takes 5 ms to compile, and one without what V8 does to make it faster. */
function matchName(): void {
  setFlagsFromString('--no-regexp-optimization')
  isIPv6('dns.test')
  setFlagsFromString('--regexp-optimization')
}

/**
 * Loads a module of Node piece by piece, each in a turn of the loop of its own: all at once would hold up every other
 * question for 20 to 60 ms.
 */
export async function loadAhead(
  module: keyof typeof MODULES,
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<void> {
  await inTurns([...MODULES[module].map((name) => () => load(name)), matchName, matchName])
}

/** Each in a turn of the loop of its own. */
export async function inTurns(steps: readonly (() => unknown)[]): Promise<void> {
  for (const step of steps) {
    await step()
    await nextTurn()
  }
}

/** Everything else that is due goes first. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

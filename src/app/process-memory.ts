import perfHooks from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Clock, Lifetime } from '../base/index.ts'
import { type Libc, limitAllocator, programPages, releasePages } from '../sys/index.ts'
import { RestWatch } from './rest-watch.ts'

/** To be called once, when the start is over: what is unused is given back now, and whenever there was work and it is over. */
export function settleMemory(libc: Libc | undefined, clock: Clock, life: Lifetime): void {
  // What runs only when a link changes stays compiled: else it would be done anew with everybody waiting, 1 ms and more.
  setFlagsFromString('--no-flush-bytecode')
  // On a busy machine helpers get no core, and everybody waits for them; alone it takes some milliseconds.
  setFlagsFromString('--no-parallel-scavenge')
  // Under a flood the heap may grow by a quarter until it is collected; V8 would let it grow to three or four times of what is in use.
  setFlagsFromString('--heap-growing-percent=25')
  if (libc === undefined) return
  limitAllocator(libc)
  const pages = programPages()
  const giveBack = () => releasePages(libc, pages)
  giveBack()
  const watch = life.adopt(new RestWatch(clock, giveBack))
  // Memory is taken by what allocates, and what allocates leads to collections.
  const observer = new perfHooks.PerformanceObserver(() => watch.onWork())
  observer.observe({ entryTypes: ['gc'] })
  life.defer(() => observer.disconnect())
}

/** Gives back what is unused, at once and with everybody waiting meanwhile: some tens of milliseconds. */
export function trimMemory(): void {
  setFlagsFromString('--expose-gc') // reaches only contexts that are made from here on
  const collect = runInNewContext('gc') as (options: { type: 'major'; flavor: 'last-resort' }) => void
  collect({ type: 'major', flavor: 'last-resort' })
}

/** Such as `rss 61 MiB, heap 14 of 18 MiB, buffers 3 MiB`. */
export function memoryText(): string {
  const { rss, heapUsed, heapTotal, arrayBuffers } = process.memoryUsage()
  return `rss ${mebibytes(rss)} MiB, heap ${mebibytes(heapUsed)} of ${mebibytes(heapTotal)} MiB, buffers ${mebibytes(arrayBuffers)} MiB`
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20)
}

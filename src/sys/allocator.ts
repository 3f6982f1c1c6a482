import type { Libc } from './libc.ts'

const M_TRIM_THRESHOLD = -1
/** What glibc begins with. Left to itself it takes sixteen times as much after the first large block, in each of its arenas. */
const MOST_UNUSED = 0x2_0000

/** From now on no arena of the C library keeps more than 128 KiB free at its end: compiler threads of V8 left 2 MiB in each. */
export function limitAllocator(libc: Libc): void {
  if (libc.has('mallopt')) libc.function('mallopt')(M_TRIM_THRESHOLD, MOST_UNUSED)
}

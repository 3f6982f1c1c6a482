import { readFileSync } from 'node:fs'
import type { Libc } from './libc.ts'

const MADV_DONTNEED = 4
/** Bytes below which a mapping is not worth a system call. */
const NOTICEABLE = 0x4_0000

export interface Mapping {
  readonly start: bigint
  readonly size: number
}

/** Where the program lies in our memory, and its libraries: what of it was not written to. */
export function programPages(): Mapping[] {
  return unmodifiedMappings(readFileSync('/proc/self/smaps', 'latin1'))
}

/**
 * Takes pages of the program from our memory: of those that the start has needed, half are not needed again. The others come
 * back from the page cache, sixteen at a time. Nothing is lost: pages that were written to are left alone.
 */
export function releasePages(libc: Libc, mappings: readonly Mapping[]): void {
  const madvise = libc.function('madvise')
  for (const { start, size } of mappings) madvise(start, size, MADV_DONTNEED)
}

/** Of a process's `smaps` (proc(5)), what maps a file that the process may not and did not write to. */
export function unmodifiedMappings(smaps: string): Mapping[] {
  const parts = smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)
  return parts.flatMap((part) => {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ [1-9]\d* /.exec(part)
    if (head === null || !/^Anonymous: +0 kB$/m.test(part)) return []
    const [start, end] = [BigInt(`0x${head[1]}`), BigInt(`0x${head[2]}`)]
    return end - start < NOTICEABLE ? [] : [{ start, size: Number(end - start) }]
  })
}

import koffi from 'koffi'

const CLOCK_THREAD_CPUTIME_ID = 3
const clockGettime = koffi.load('libc.so.6').func('clock_gettime', 'int', ['int', 'uint8_t *']) as (
  clock: number,
  time: Buffer,
) => number
const time = Buffer.alloc(16)

/** Milliseconds that this thread has computed: what others do on the machine meanwhile does not count. */
export function cpuTime(): number {
  clockGettime(CLOCK_THREAD_CPUTIME_ID, time)
  return Number(time.readBigInt64LE(0)) * 1000 + Number(time.readBigInt64LE(8)) / 1e6
}

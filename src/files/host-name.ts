import type { Clock, Log, Millis } from '../base/index.ts'
import { Polled } from './polled.ts'
import { readText } from './read-text.ts'

const INTERVAL: Millis = 1000
const PATH = '/proc/sys/kernel/hostname'

/** The kernel's host name, looked at every second at most (R-PROC-3). */
export function hostName(clock: Clock, log: Log): Polled<string> {
  return new Polled({ look, initial: '', interval: INTERVAL, clock, log })
}

async function look(stamp: string | undefined) {
  const name = ((await readText(PATH)) ?? '').trim()
  return name === stamp ? undefined : { value: name, stamp: name }
}

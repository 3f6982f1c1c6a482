import { type Scene, STUB } from './scene.ts'

export interface Pace {
  /** Questions per second, whether or not answers come. */
  readonly rate: number
  readonly seconds: number
  /** n0 to n<count-1> of the zone are asked for by turns. */
  readonly count: number
  readonly zone: string
}

/** What happens while questions are asked. */
export interface Happening {
  /** A link that goes down, or after `!` a command for the shell, which has to succeed. */
  readonly what: string
  /** Milliseconds from the start. */
  readonly at: number
}

/** What `c/steady.c` found, in microseconds; of what was not asked for there is nothing. */
export interface Steady {
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
  readonly lost: number
  readonly failed: number
  /** Of questions before and after what happened: the longest latency, and the CPU time of the server within one. */
  readonly before: number
  readonly after: number
  readonly workBefore: number
  readonly workAfter: number
  /** Percentile of that CPU time over all questions. */
  readonly work99: number
}

/** Asks evenly from inside the scene. */
export async function steady(
  scene: Scene,
  { rate, seconds, count, zone }: Pace,
  happening?: Happening,
): Promise<Steady> {
  const event = happening === undefined ? [] : [happening.what, happening.at, scene.server.pid]
  const words = [STUB, rate, seconds, count, zone, ...event]
  return JSON.parse(await scene.helper('steady', words, { patience: seconds + 60 })) as Steady
}

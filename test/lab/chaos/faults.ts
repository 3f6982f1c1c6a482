import type { IpProtocol } from '../../../src/base/index.ts'
/** What can be wrong with a server or the path to it. All but the first are things that happen in real networks. */
export const faults = [
  'none',
  'dead',
  'host-unreachable',
  'blackhole',
  'delay100',
  'delay300',
  'delay600',
  'loss10',
  'loss30',
  'duplicates',
  'reordering',
  'tcp-reset',
  'tcp-closed',
  'tcp-silent',
  'tcp-blackhole',
  'no-edns',
  'formerr-on-edns',
  'truncates-all',
  'servfail',
  'refused',
  'notimp',
  'garbage',
  'wrong-id',
  'aaaa-hole',
  'heals-after-3s',
] as const

export type Fault = (typeof faults)[number]

/** Under these a single server still answers every question; under the others it cannot be expected to. */
export const bearable: ReadonlySet<Fault> = new Set([
  'none',
  'delay100',
  'delay300',
  'delay600',
  'loss10',
  'loss30',
  'duplicates',
  'reordering',
  'no-edns',
  'formerr-on-edns',
  'truncates-all',
  'aaaa-hole',
  'heals-after-3s',
])

/** The share of a question's own bytes that decides the answer: `n17.w.chaos.test` is 10.0.0.17. */
export function addressOf(number: number): Buffer {
  return Buffer.from([10, (number >> 16) & 255, (number >> 8) & 255, number & 255])
}

/** To the server, one per line. */
export type Order =
  | { readonly do: 'fault'; readonly to: string; readonly fault: Fault }
  | { readonly do: 'report' | 'forget' }

/** What one address was asked since the last `forget`; probes for the root are not counted in `asked`. */
export interface Report {
  readonly [address: string]: {
    readonly asked: number
    readonly plain: number
    /** All messages, probes included. */
    readonly messages: number
    readonly firstAfter: number | undefined
  }
}

/** To the client. */
export interface Load {
  readonly transport: IpProtocol
  readonly prefix: string
  readonly count: number
  /** Questions a second. */
  readonly rate: number
  readonly types: readonly number[]
  /** A prefix that was asked before: with each question comes one for its first name, which is in the cache. */
  readonly known?: string
  /** Milliseconds after the last question. */
  readonly patience: number
}

/** How the questions for addresses (A) fared, and all replies whatever their type. */
export interface Fared {
  readonly sent: number
  readonly good: number
  readonly wrong: number
  readonly failed: number
  readonly unanswered: number
  readonly duplicates: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
  /** Answered well, but later than the shortest patience with a server: there was something wrong, if only with this machine. */
  readonly late: number
  /** Milliseconds that a name from the cache took: what this machine adds. */
  readonly slowestKnown: number
}

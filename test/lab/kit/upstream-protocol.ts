import type { IpProtocol } from '../../../src/base/index.ts'
import type { Zone } from './zone.ts'

/** Which questions a behaviour applies to; what is left out matches everything. */
export interface Match {
  /** This name and everything below it. */
  readonly name?: string
  readonly type?: string
  readonly transport?: IpProtocol
  /** The server address that was asked. */
  readonly to?: string
  /** Applies this often, then no more. */
  readonly times?: number
}

/** What to do instead of, or to, the ordinary answer. */
export interface Behaviour {
  readonly delay?: number
  /** Never answer. */
  readonly drop?: true
  /** Keep the answer back until `release()`. */
  readonly hold?: true
  readonly rcode?: 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED' | 'YXDOMAIN'
  /** Over UDP: TC and no records. */
  readonly truncate?: true
  readonly wrongId?: true
  /** Over UDP: so many replies with other IDs come before the answer. */
  readonly guesses?: number
  readonly wrongQuestion?: true
  readonly noEdns?: true
  /** Whole reply as hex without the ID, which is the query's. */
  readonly raw?: string
  /** TCP: close instead of answering. */
  readonly close?: true
  readonly zone?: Zone
}

/** One question as it arrived. */
export interface Question {
  /** As spelt on the wire, without the last dot. */
  readonly name: string
  readonly type: string
  readonly class: string
  readonly id: number
  readonly rd: boolean
  readonly ad: boolean
  readonly cd: boolean
  readonly edns: { readonly size: number; readonly do: boolean } | undefined
  readonly transport: IpProtocol
  readonly from: string
  readonly port: number
  readonly to: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly wire: string
}

export interface UpstreamSetup {
  readonly addresses: readonly string[]
  readonly zone: Zone
  readonly negativeTtl: number
}

/** One per line on the server's standard input; each is answered by one line `{ id, result }`. */
export type Command = { readonly id: number } & (
  | { readonly do: 'listen'; readonly setup: UpstreamSetup }
  | { readonly do: 'zone'; readonly zone: Zone }
  | { readonly do: 'on'; readonly match: Match; readonly behaviour: Behaviour }
  | { readonly do: 'questions' | 'forget' | 'plain' | 'release' }
)

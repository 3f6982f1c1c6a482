import { type Family, isFamily } from '../../base/index.ts'
import type { Provenance } from './provenance.ts'

/** An address and the link it was learnt on (0 = none). */
export interface ReceivedAddress {
  readonly ifindex: number
  readonly family: Family
  readonly bytes: Uint8Array
}

export interface HostAnswer {
  readonly addresses: readonly ReceivedAddress[]
  readonly canonical: string
  readonly flags: number
  /** Where it comes from, if the daemon was asked to say so. */
  readonly provenance?: Provenance | undefined
}

export interface NamesAnswer {
  readonly names: readonly { readonly ifindex: number; readonly name: string }[]
  readonly flags: number
  /** Where it comes from, if the daemon was asked to say so. */
  readonly provenance?: Provenance | undefined
}

export interface RecordsAnswer {
  /** Each a whole record in wire form, names uncompressed. */
  readonly records: readonly { readonly ifindex: number; readonly wire: Buffer }[]
  readonly flags: number
  /** Where it comes from, if the daemon was asked to say so. */
  readonly provenance?: Provenance | undefined
}

/** One SRV record; `addresses` are those of `host`. */
export interface ReceivedService {
  readonly priority: number
  readonly weight: number
  readonly port: number
  readonly host: string
  readonly addresses: readonly ReceivedAddress[]
  readonly canonicalHost: string
}

/** Name, type and domain of a service; empty where the call has none. */
export interface ServiceName {
  readonly name: string
  readonly type: string
  readonly domain: string
}

export interface ServiceAnswer {
  readonly services: readonly ReceivedService[]
  readonly txt: readonly Buffer[]
  readonly canonical: ServiceName
  readonly flags: number
}

/** Lookups that more than one interface of the daemon offers; all throw `BusCallError`. */
export interface LookupSource {
  hostname(ifindex: number, name: string, family: number, flags: number): Promise<HostAnswer>
  address(ifindex: number, family: number, bytes: Uint8Array, flags: number): Promise<NamesAnswer>
  record(ifindex: number, name: string, klass: number, type: number, flags: number): Promise<RecordsAnswer>
}

/** An address as varlink has it. */
export function jsonAddress({
  ifindex = 0,
  family,
  address,
}: {
  readonly ifindex?: number | undefined
  readonly family: number
  readonly address: readonly number[]
}): ReceivedAddress[] {
  return addressOf([ifindex, family, Buffer.from(address)])
}

export type WireAddress = readonly [ifindex: number, family: number, bytes: Buffer]

/** Addresses of families that do not exist here are left out. */
export function addressOf([ifindex, family, bytes]: WireAddress): ReceivedAddress[] {
  return isFamily(family) ? [{ ifindex, family, bytes }] : []
}

import { type Family, isFamily } from '../../base/index.ts'
import { MANAGER } from '../../dbus/index.ts'
import type { BusClient } from '../client/bus-client.ts'
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

/** The daemon's four lookups over the bus (dbus.md §3); all throw `BusCallError`. */
export class BusLookups implements LookupSource {
  readonly #bus: BusClient

  constructor(bus: BusClient) {
    this.#bus = bus
  }

  async hostname(ifindex: number, name: string, family: number, flags: number): Promise<HostAnswer> {
    const asked = [ifindex, name, family, BigInt(flags)] as const
    const [addresses, canonical, told] = await this.#bus.call(MANAGER, 'ResolveHostname', asked)
    return { addresses: addresses.flatMap(addressOf), canonical, flags: Number(told) }
  }

  async address(ifindex: number, family: number, bytes: Uint8Array, flags: number): Promise<NamesAnswer> {
    const asked = [ifindex, family, bytes, BigInt(flags)] as const
    const [names, told] = await this.#bus.call(MANAGER, 'ResolveAddress', asked)
    return { names: names.map(([at, name]) => ({ ifindex: at, name })), flags: Number(told) }
  }

  async record(ifindex: number, name: string, klass: number, type: number, flags: number): Promise<RecordsAnswer> {
    const asked = [ifindex, name, klass, type, BigInt(flags)] as const
    const [records, told] = await this.#bus.call(MANAGER, 'ResolveRecord', asked)
    return { records: records.map(([at, , , wire]) => ({ ifindex: at, wire })), flags: Number(told) }
  }

  async service(ifindex: number, service: ServiceName, family: number, flags: number): Promise<ServiceAnswer> {
    const asked = [ifindex, service.name, service.type, service.domain, family, BigInt(flags)] as const
    const [found, txt, name, type, domain, told] = await this.#bus.call(MANAGER, 'ResolveService', asked)
    return { services: found.map(serviceOf), txt, canonical: { name, type, domain }, flags: Number(told) }
  }
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

type WireAddress = readonly [ifindex: number, family: number, bytes: Buffer]
type WireService = readonly [number, number, number, string, readonly WireAddress[], string]

/** Addresses of families that do not exist here are left out. */
function addressOf([ifindex, family, bytes]: WireAddress): ReceivedAddress[] {
  return isFamily(family) ? [{ ifindex, family, bytes }] : []
}

function serviceOf([priority, weight, port, host, addresses, canonicalHost]: WireService): ReceivedService {
  return { priority, weight, port, host, addresses: addresses.flatMap(addressOf), canonicalHost }
}

import type { Family } from '../../base/index.ts'
import { type BusClient, RESOLVE1 } from '../client/bus-client.ts'
import type { Provenance } from './provenance.ts'

/** An address and the link it was learnt on (0 = none). */
export interface FoundAddress {
  readonly ifindex: number
  readonly family: Family
  readonly bytes: Uint8Array
}

export interface HostAnswer {
  readonly addresses: readonly FoundAddress[]
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
export interface FoundService {
  readonly priority: number
  readonly weight: number
  readonly port: number
  readonly host: string
  readonly addresses: readonly FoundAddress[]
  readonly canonicalHost: string
}

/** Name, type and domain of a service; empty where the call has none. */
export interface ServiceName {
  readonly name: string
  readonly type: string
  readonly domain: string
}

export interface ServiceAnswer {
  readonly services: readonly FoundService[]
  readonly txt: readonly Buffer[]
  readonly canonical: ServiceName
  readonly flags: number
}

/** Lookups that more than one interface of the daemon offers; all throw `BusError`. */
export interface LookupSource {
  hostname(ifindex: number, name: string, family: number, flags: number): Promise<HostAnswer>
  address(ifindex: number, family: number, bytes: Uint8Array, flags: number): Promise<NamesAnswer>
  record(ifindex: number, name: string, klass: number, type: number, flags: number): Promise<RecordsAnswer>
}

/** The daemon's four lookups over the bus (dbus.md §3); all throw `BusError`. */
export class Lookups implements LookupSource {
  readonly #bus: BusClient

  constructor(bus: BusClient) {
    this.#bus = bus
  }

  async hostname(ifindex: number, name: string, family: number, flags: number): Promise<HostAnswer> {
    const reply = await this.#call('ResolveHostname', 'isit', [ifindex, name, family, BigInt(flags)])
    const [addresses, canonical, outFlags] = reply as [WireAddress[], string, bigint]
    return { addresses: addresses.map(addressOf), canonical, flags: Number(outFlags) }
  }

  async address(ifindex: number, family: number, bytes: Uint8Array, flags: number): Promise<NamesAnswer> {
    const reply = await this.#call('ResolveAddress', 'iiayt', [ifindex, family, Buffer.from(bytes), BigInt(flags)])
    const [names, outFlags] = reply as [[number, string][], bigint]
    return { names: names.map(([at, name]) => ({ ifindex: at, name })), flags: Number(outFlags) }
  }

  async record(ifindex: number, name: string, klass: number, type: number, flags: number): Promise<RecordsAnswer> {
    const reply = await this.#call('ResolveRecord', 'isqqt', [ifindex, name, klass, type, BigInt(flags)])
    const [records, outFlags] = reply as [[number, number, number, Buffer][], bigint]
    return { records: records.map(([at, , , wire]) => ({ ifindex: at, wire })), flags: Number(outFlags) }
  }

  async service(ifindex: number, service: ServiceName, family: number, flags: number): Promise<ServiceAnswer> {
    const body = [ifindex, service.name, service.type, service.domain, family, BigInt(flags)]
    const reply = await this.#call('ResolveService', 'isssit', body)
    const [found, txt, name, type, domain, outFlags] = reply as [
      WireService[],
      Buffer[],
      string,
      string,
      string,
      bigint,
    ]
    return { services: found.map(serviceOf), txt, canonical: { name, type, domain }, flags: Number(outFlags) }
  }

  #call(member: string, signature: string, body: readonly unknown[]): Promise<readonly unknown[]> {
    return this.#bus.call({ ...RESOLVE1, member, signature, body })
  }
}

type WireAddress = readonly [ifindex: number, family: Family, bytes: Buffer]
type WireService = readonly [number, number, number, string, readonly WireAddress[], string]

function addressOf([ifindex, family, bytes]: WireAddress): FoundAddress {
  return { ifindex, family, bytes }
}

function serviceOf([priority, weight, port, host, addresses, canonicalHost]: WireService): FoundService {
  return { priority, weight, port, host, addresses: addresses.map(addressOf), canonicalHost }
}

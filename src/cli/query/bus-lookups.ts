import { MANAGER } from '../../dbus/index.ts'
import type { BusClient } from '../client/bus-client.ts'
import {
  addressOf,
  type HostAnswer,
  type LookupSource,
  type NamesAnswer,
  type ReceivedService,
  type RecordsAnswer,
  type ServiceAnswer,
  type ServiceName,
  type WireAddress,
} from './lookups.ts'

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

type WireService = readonly [number, number, number, string, readonly WireAddress[], string]

function serviceOf([priority, weight, port, host, addresses, canonicalHost]: WireService): ReceivedService {
  return { priority, weight, port, host, addresses: addresses.flatMap(addressOf), canonicalHost }
}

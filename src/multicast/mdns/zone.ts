import { AF_INET, type IpAddress, type Seconds } from '../../base/index.ts'
import {
  CLASS,
  lowerCaseNames,
  type Name,
  nameOfWire,
  reverseNameOf,
  TYPE,
  wireOfName,
  wireOfText,
} from '../../wire/index.ts'
import type { PublishedService } from '../dnssd/service-source.ts'
import type { MulticastRecord } from '../message.ts'

/** For records that hold the name of a host, and for all others (RFC 6762 §10). */
const HOST_TTL: Seconds = 120
const OTHER_TTL: Seconds = 4500
const SERVICE_TYPES = '_services._dns-sd._udp.local'

/** A record that this machine publishes. Unique ones have `flushesCache`; the others are shared with neighbours. */
export interface OwnRecord extends MulticastRecord {
  readonly flushesCache: boolean
  /** Equal for the same owner, type and rdata. */
  readonly key: string
}

/** What a link has to publish. Addresses of other links never come in here. */
export interface ZoneFacts {
  /** Undefined while it is lost and the next one is to come: the host has no name then. */
  readonly label: string | undefined
  /** The last label, for the targets of services while it is lost. */
  readonly target: string
  readonly addresses: readonly IpAddress[]
  readonly services: readonly PublishedService[]
}

/** A name that is only ours, which is probed, with all that depends on it. */
export interface Claim {
  /** Equal for the claim that takes the place of this one. */
  readonly id: string
  readonly name: Name
  /** What a neighbour must not have at the name. */
  readonly types: ReadonlySet<number>
  /** At the name: what probes propose (RFC 6762 §8.1). */
  readonly unique: readonly OwnRecord[]
  /** Published once the name is ours: shared records, and reverse names, which belong to whoever has the address. */
  readonly others: readonly OwnRecord[]
}

/** The claim of the host's name; those of services have the services' own ids behind a blank. */
export const HOST_CLAIM = 'host'
const HOST_TYPES: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA])
const SERVICE_RECORD_TYPES: ReadonlySet<number> = new Set([TYPE.SRV, TYPE.TXT])

/** The claims of a link: the host's name, and each service's instance (MD-R-1, SD-B-1). None without an address. */
export function claimsOf({ label, target, addresses, services }: ZoneFacts): Claim[] {
  if (addresses.length === 0) return []
  const host = label === undefined ? [] : [hostClaim(label, addresses)]
  return [...host, ...services.map((service) => serviceClaim(service, hostWire(target)))]
}

/** The service that a claim is of; undefined for the host's. */
export function serviceOfClaim(id: string): string | undefined {
  return id === HOST_CLAIM ? undefined : id.slice(HOST_CLAIM.length + 1)
}

function hostClaim(label: string, addresses: readonly IpAddress[]): Claim {
  const host = hostWire(label)
  return {
    id: HOST_CLAIM,
    name: nameOfWire(host),
    types: HOST_TYPES,
    unique: addresses.map(({ family, bytes }) =>
      unique(host, family === AF_INET ? TYPE.A : TYPE.AAAA, bytes, HOST_TTL),
    ),
    others: addresses.map((address) => unique(wireOfName(reverseNameOf(address)), TYPE.PTR, host, HOST_TTL)),
  }
}

function serviceClaim(service: PublishedService, host: Buffer): Claim {
  const { id, instance, type, subtypes, txt } = service
  const typeWire = wireOf(`${type}.local`)
  const owner = Buffer.concat([labelWire(instance), typeWire])
  const subtypeWires = subtypes.map((label) => Buffer.concat([labelWire(label), wireOf(`_sub.${type}.local`)]))
  return {
    id: `${HOST_CLAIM} ${id}`,
    name: nameOfWire(owner),
    types: SERVICE_RECORD_TYPES,
    unique: [
      unique(owner, TYPE.SRV, srvOf(service, host), HOST_TTL),
      ...txt.map((strings) => unique(owner, TYPE.TXT, txtOf(strings), OTHER_TTL)),
    ],
    others: [
      shared(typeWire, owner),
      ...subtypeWires.map((subtype) => shared(subtype, owner)),
      shared(wireOf(SERVICE_TYPES), typeWire),
    ],
  }
}

function srvOf({ priority, weight, port }: PublishedService, host: Buffer): Buffer {
  const numbers = Buffer.alloc(6)
  for (const [i, value] of [priority, weight, port].entries()) numbers.writeUInt16BE(value, 2 * i)
  return Buffer.concat([numbers, host])
}

/** At least one string, if an empty one (RFC 6763 §6.1). */
function txtOf(strings: readonly Buffer[]): Buffer {
  const all = strings.length === 0 ? [Buffer.alloc(0)] : strings
  return Buffer.concat(all.flatMap((string) => [Buffer.from([string.length]), string]))
}

function unique(owner: Buffer, type: number, rdata: Uint8Array, ttl: Seconds): OwnRecord {
  return record(owner, type, Buffer.from(rdata), ttl, true)
}

function shared(owner: Buffer, target: Buffer): OwnRecord {
  return record(owner, TYPE.PTR, target, OTHER_TTL, false)
}

function record(owner: Buffer, type: number, rdata: Buffer, ttl: Seconds, flushesCache: boolean): OwnRecord {
  const name = nameOfWire(owner)
  return { owner, name, type, class: CLASS.IN, ttl, rdata, flushesCache, key: recordKey({ name, type, rdata }) }
}

/** Equal for the same owner, type and rdata, whoever sent it and in whatever letter case. */
export function recordKey({ name, type, rdata }: Pick<MulticastRecord, 'name' | 'type' | 'rdata'>): string {
  return `${name} ${type} ${(lowerCaseNames(type, rdata) ?? rdata).toString('base64')}`
}

function hostWire(label: string): Buffer {
  return Buffer.concat([labelWire(label), wireOf('local')])
}

/** A label as it is, whatever is in it, in front of a name. */
function labelWire(label: string): Buffer {
  const bytes = Buffer.from(label)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

/** @throws {TypeError} for what is no name; types are checked before they come here */
function wireOf(text: string): Buffer {
  const wire = wireOfText(text)
  if (wire === undefined) throw new TypeError(`not a domain name: ${text}`)
  return wire
}

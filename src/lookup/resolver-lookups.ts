import type { IfIndex, Millis } from '../base/index.ts'
import { AF_INET, AF_INET6, AF_UNSPEC, IpAddress, isFamily } from '../base/index.ts'
import type { ResourceRecord } from '../wire/index.ts'
import {
  isObsoleteType,
  isUnaskableType,
  isZoneTransfer,
  parseAskedName,
  reverseNameOf,
  textOfWire,
  TYPE,
  typeText,
} from '../wire/index.ts'
import { ACCEPTED_FLAGS, FLAG } from '../resolve/index.ts'
import { ownAnswer } from '../scope/index.ts'
import type {
  AddressRequest,
  AddressResult,
  HostnameRequest,
  HostnameResult,
  Lookup,
  Lookups,
  RecordRequest,
  RecordResult,
  ServiceRequest,
  ServiceResult,
} from './lookup-types.ts'
import type { Resolution } from '../resolve/index.ts'
import { checkCommon, fail, failureOf, found, invalid, parseHostName, queryFor } from './lookup-results.ts'
import type { Resolver } from '../resolve/index.ts'
import { recordsAsWritten } from './as-written.ts'
import { lookUpService } from './service-lookup.ts'

/** Once one family has addresses the other may keep the caller waiting no longer than this. */
const PATIENCE_FOR_FAMILY: Millis = 50

/** What lookups have to know of this machine. */
export interface LookupHost {
  readonly hasIpv6: () => boolean
  readonly ifindexOf: (name: string) => IfIndex | undefined
}

/** The lookups of bus and varlink over the one resolver (dbus.md §3.1–3.4). */
export class ResolverLookups implements Lookups {
  readonly #resolver: Resolver
  readonly #host: LookupHost

  constructor(resolver: Resolver, host: LookupHost) {
    this.#resolver = resolver
    this.#host = host
  }

  /**
   * Both families are one query with the same routing. An address is its own answer, and a final dot keeps search
   * domains off. `canonical` is the last name of the chain, as its records write it.
   */
  async hostname(request: HostnameRequest, signal: AbortSignal): Promise<Lookup<HostnameResult>> {
    const problem = checkCommon(request, ACCEPTED_FLAGS.hostname, request.family)
    if (problem !== undefined) return invalid(problem, request.name)
    const literal = parseLiteral(request.name, this.#host)
    if (literal === 'unknown zone') return invalid('name', request.name)
    if (literal !== undefined) return literalAddress(literal, request)
    const asked = parseHostName(request.name)
    if (asked === undefined) return invalid('name', request.name)
    const resolution = await this.#resolver.resolve(
      {
        ...queryFor(asked, this.#addressTypes(request.family), request.ifindex, request.flags, request.client),
        flags: request.flags | (request.name.endsWith('.') ? FLAG.NO_SEARCH : 0),
        patienceForRest: PATIENCE_FOR_FAMILY,
      },
      signal,
    )
    const addresses = addressesOf(resolution)
    const first = addresses[0]
    if (first === undefined) return failureOf(resolution, request.name)
    const canonical = textOfWire(first.record.owner)
    return found({ addresses: addresses.map(({ ifindex, address }) => ({ ifindex, address })), canonical }, resolution)
  }

  /** A PTR lookup; the family has to fit the number of bytes. */
  async address(request: AddressRequest, signal: AbortSignal): Promise<Lookup<AddressResult>> {
    const { family, address: bytes, ifindex, flags } = request
    const problem = checkCommon(request, ACCEPTED_FLAGS.address, family)
    if (problem !== undefined || !isFamily(family)) return invalid(problem ?? 'family', '')
    const address = IpAddress.fromBytes(bytes)
    if (address?.family !== family) return fail('bad-address-size', Buffer.from(bytes).toString('hex'))
    const asked = { name: reverseNameOf(address), spelling: undefined }
    const query = queryFor(asked, [TYPE.PTR], ifindex, flags | FLAG.NO_SEARCH, request.client)
    const resolution = await this.#resolver.resolve(query, signal)
    const names = resolution.answer.records
      .filter(({ record }) => record.type === TYPE.PTR)
      .map(({ record, ifindex: link }) => ({ ifindex: link, name: textOfWire(record.rdata) }))
    return names.length > 0 ? found({ names }, resolution) : failureOf(resolution, address.text)
  }

  /**
   * Any type but those that no ordinary query may have. CNAMEs are followed, and the chain itself is no result. Names
   * are taken as they are: no IDNA and no search domains.
   */
  async record(request: RecordRequest, signal: AbortSignal): Promise<Lookup<RecordResult>> {
    const { type, ifindex, flags } = request
    const problem = checkCommon(request, ACCEPTED_FLAGS.record, AF_UNSPEC)
    if (problem !== undefined) return invalid(problem, request.name)
    const asked = parseAskedName(request.name)
    if (asked === undefined) return invalid('name', request.name)
    if (isUnaskableType(type)) {
      return fail('type-invalid', request.name, `Specified resource record type ${type} may not be used in a query.`)
    }
    if (isZoneTransfer(type)) return fail('zone-transfer', request.name)
    if (isObsoleteType(type)) {
      return fail('type-obsolete', request.name, `Specified DNS resource record type ${typeText(type)} is obsolete`)
    }
    const query = { ...queryFor(asked, [type], ifindex, flags | FLAG.NO_SEARCH, request.client), class: request.class }
    const resolution = await this.#resolver.resolve(query, signal)
    const isAsked = (record: ResourceRecord) => type === TYPE.ANY || record.type === type
    const records = recordsAsWritten(resolution).filter(({ record }) => isAsked(record))
    return records.length > 0 ? found({ records }, resolution) : failureOf(resolution, request.name)
  }

  service(request: ServiceRequest, signal: AbortSignal): Promise<Lookup<ServiceResult>> {
    return lookUpService(request, this, this.#resolver, signal)
  }

  /** Without IPv6 in the kernel nobody could use an AAAA (dbus.md §3.1). */
  #addressTypes(family: number): readonly number[] {
    if (family === AF_INET) return [TYPE.A]
    if (family === AF_INET6) return [TYPE.AAAA]
    return this.#host.hasIpv6() ? [TYPE.A, TYPE.AAAA] : [TYPE.A]
  }
}

/** What is an address already, and the link that its zone names; 0 without one (RFC 4007 §11). */
interface Literal {
  readonly address: IpAddress
  readonly ifindex: IfIndex
}

/**
 * An address with an optional `%index` or `%name` of a link. What has the zone of no link is no name to ask for either.
 */
function parseLiteral(text: string, { ifindexOf }: LookupHost): Literal | 'unknown zone' | undefined {
  const [, host = '', zone] = /^([^%]*)(?:%(.*))?$/.exec(text) ?? []
  const address = IpAddress.parse(host)
  if (address === undefined) return undefined
  if (zone === undefined) return { address, ifindex: 0 }
  const ifindex = /^[1-9]\d{0,9}$/.test(zone) ? Number(zone) : ifindexOf(zone)
  return ifindex === undefined ? 'unknown zone' : { address, ifindex }
}

/** No lookup is needed for what is an address already. */
function literalAddress({ address, ifindex }: Literal, request: HostnameRequest): Lookup<HostnameResult> {
  const isOtherFamily = request.family !== AF_UNSPEC && request.family !== address.family
  const isOtherLink = ifindex > 0 && request.ifindex > 0 && ifindex !== request.ifindex
  // A success without a usable record, as for a name that has none of this family.
  if (isOtherFamily || isOtherLink) return fail('no-such-rr', request.name)
  const addresses = [{ ifindex: ifindex || request.ifindex, address }]
  const answer = ownAnswer(reverseNameOf(address), { exists: true, records: [] }, 'literal', request.flags)
  return found({ addresses, canonical: address.text }, { answer, took: 0, scores: () => [] })
}

/** Records with rdata of the right length; others, such as the CNAMEs of the chain, are passed over. */
function addressesOf(
  resolution: Resolution,
): readonly { readonly ifindex: IfIndex; readonly address: IpAddress; readonly record: ResourceRecord }[] {
  return recordsAsWritten(resolution).flatMap(({ record, ifindex }) => {
    const isAddress = record.type === TYPE.A || record.type === TYPE.AAAA
    const address = isAddress ? IpAddress.fromBytes(record.rdata) : undefined
    return address === undefined ? [] : [{ ifindex, address, record }]
  })
}

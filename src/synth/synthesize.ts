import { IpAddress } from '../base/index.ts'
import type { Name } from '../wire/index.ts'
import { addressOfReverseName, isWithin, nameOf, recordOf, ROOT, TYPE, wireOfName } from '../wire/index.ts'
import { addressRecord } from './address-record.ts'
import type { HostAddress, HostFacts } from './host-facts.ts'
import type { LocalAnswer } from './local-answer.ts'
import { NODATA, NXDOMAIN } from './local-answer.ts'

const LOOPBACK_IFINDEX = 1
const LOCALHOST = nameOf('localhost')
const LOCALHOST_DOMAINS = [LOCALHOST, nameOf('localhost.localdomain')]
const GATEWAY = nameOf('_gateway')
const OUTBOUND = nameOf('_outbound')
const STUB = nameOf('_localdnsstub')
const PROXY = nameOf('_localdnsproxy')
const STUB_ADDRESS = IpAddress.of('127.0.0.53')
const PROXY_ADDRESS = IpAddress.of('127.0.0.54')
const OWN_LOOPBACK = IpAddress.of('127.0.0.2')
const LOOPBACK_V4 = IpAddress.of('127.0.0.1')
const LOOPBACK_V6 = IpAddress.of('::1')
/** Names that RFC 6303, RFC 6761 and RFC 9476 keep out of the global DNS (R-SYNTH-8). */
const NONEXISTENT = ['0.in-addr.arpa', '255.255.255.255.in-addr.arpa', 'invalid', 'alt'].map(nameOf)
const RESOLVER_ARPA = nameOf('resolver.arpa')

/**
 * What this machine says of a name that nobody else could answer (R-SYNTH-*); undefined when it has nothing to say.
 * All records of the name are given, whatever type was asked.
 */
export function synthesize(name: Name, facts: HostFacts): LocalAnswer | undefined {
  if (LOCALHOST_DOMAINS.some((domain) => isWithin(name, domain))) return localhost(name, facts)
  if (facts.ownNames.includes(name)) return ownName(name, facts)
  if (name === GATEWAY) return addresses(name, facts.gateways)
  if (name === OUTBOUND) return addresses(name, facts.outbound)
  if (name === STUB) return loopback(name, STUB_ADDRESS)
  if (name === PROXY) return loopback(name, PROXY_ADDRESS)
  if (name === ROOT || isWithin(name, RESOLVER_ARPA)) return NODATA
  const address = addressOfReverseName(name)
  const pointers = address === undefined ? [] : pointersOf(address, facts)
  if (address !== undefined && pointers.length > 0) return pointing(name, pointers, ifindexOf(address, facts))
  const isNonexistent = NONEXISTENT.some((domain) => isWithin(name, domain)) || address?.isUnspecified === true
  return isNonexistent || isWithin(name, nameOf('127.in-addr.arpa')) ? NXDOMAIN : undefined
}

function localhost(name: Name, { hasIpv6 }: HostFacts): LocalAnswer {
  const known = hasIpv6 ? [LOOPBACK_V4, LOOPBACK_V6] : [LOOPBACK_V4]
  return loopback(name, ...known)
}

function ownName(name: Name, facts: HostFacts): LocalAnswer {
  if (facts.addresses.length > 0) return addresses(name, facts.addresses)
  return facts.hasIpv6 ? loopback(name, OWN_LOOPBACK, LOOPBACK_V6) : loopback(name, OWN_LOOPBACK)
}

/** No address at all: the name does not exist; none of the family asked for is NODATA, by the types (R-SYNTH-5). */
function addresses(name: Name, known: readonly HostAddress[]): LocalAnswer {
  if (known.length === 0) return NXDOMAIN
  const records = known.map(({ address, ifindex }) => ({ record: addressRecord(name, address), ifindex }))
  return { exists: true, records }
}

function loopback(name: Name, ...known: IpAddress[]): LocalAnswer {
  return addresses(
    name,
    known.map((address) => ({ family: address.family, address, ifindex: LOOPBACK_IFINDEX })),
  )
}

/** Who an address is (R-SYNTH-2, R-SYNTH-4, R-SYNTH-7). */
function pointersOf(address: IpAddress, facts: HostFacts): readonly Name[] {
  if (address.equals(STUB_ADDRESS)) return [STUB]
  if (address.equals(PROXY_ADDRESS)) return [PROXY]
  if (address.equals(OWN_LOOPBACK)) return [...facts.ownNames, LOCALHOST]
  if (address.isLoopback) return [LOCALHOST]
  if (facts.addresses.some((own) => own.address.equals(address))) return facts.ownNames
  return facts.gateways.some((gateway) => gateway.address.equals(address)) ? [GATEWAY] : []
}

function ifindexOf(address: IpAddress, { addresses: own, gateways }: HostFacts): number {
  if (address.isLoopback) return LOOPBACK_IFINDEX
  return [...own, ...gateways].find((known) => known.address.equals(address))?.ifindex ?? 0
}

function pointing(name: Name, targets: readonly Name[], ifindex: number): LocalAnswer {
  const records = targets.map((target) => ({ record: recordOf(name, TYPE.PTR, wireOfName(target)), ifindex }))
  return { exists: true, records }
}

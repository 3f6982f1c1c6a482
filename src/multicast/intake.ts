import type { IpAddress } from '../base/index.ts'
import { HEADER_SIZE, hasFlag, opcodeOf, QR, rcodeOf } from '../wire/index.ts'
import type { MulticastDatagram, MulticastLink, MulticastProtocol } from './network.ts'
import { MULTICAST_PORTS } from './network.ts'

export type Intake = 'query' | 'response'

/** Hop limits that hosts start with: one between them has passed a router. */
const INITIAL_HOP_LIMITS: ReadonlySet<number> = new Set([255, 128, 64, 1])

/**
 * What a datagram is to be taken for by its header, source and port; undefined for what is dropped silently (MC-IN, MC-SEC).
 * `hearsOwn`: another program of this machine has the port too and we do not answer, so what comes from our addresses is its.
 */
export function admit(
  protocol: MulticastProtocol,
  datagram: MulticastDatagram,
  link: MulticastLink,
  hearsOwn = false,
): Intake | undefined {
  const { bytes } = datagram
  if (bytes.length < HEADER_SIZE || opcodeOf(bytes) !== 0 || rcodeOf(bytes) !== 0) return undefined
  if (!hearsOwn && isOwn(protocol, datagram, link)) return undefined
  const isResponse = hasFlag(bytes, QR)
  const isFromNear = isOnLink(datagram.source, link)
  if (!isResponse) return isAnswerable(protocol, datagram, isFromNear) ? 'query' : undefined
  if (datagram.port !== MULTICAST_PORTS[protocol]) return undefined // MD-W-3, LL-Q-2
  // No router passes on what is sent to the group (RFC 6762 §11).
  if (protocol === 'mdns' && datagram.isToGroup) return 'response'
  return isFromNear && !hasPassedRouter(datagram) ? 'response' : undefined
}

/** Whether the address is one of the link itself: in a subnet of ours there, or link-local. */
export function isOnLink(address: IpAddress, link: MulticastLink): boolean {
  return address.isLinkLocal || link.addresses.some((own) => address.isWithin(own.address, own.prefixLength))
}

/** Our own echo; mDNS asked from another port is a program of this machine, which gets its answer (MC-IN-2). */
function isOwn(protocol: MulticastProtocol, { source, port }: MulticastDatagram, link: MulticastLink): boolean {
  return link.own.has(source.text) && (protocol === 'llmnr' || port === MULTICAST_PORTS.mdns)
}

/** What was sent to us alone must come from the link (RFC 6762 §5.5, MC-SEC-3); LLMNR has no such queries by UDP (LL-R-2). */
function isAnswerable(protocol: MulticastProtocol, { isToGroup }: MulticastDatagram, isFromNear: boolean): boolean {
  return isToGroup || (protocol === 'mdns' && isFromNear)
}

/**
 * Everything should be sent with hop limit 255 (RFC 6762 §11, RFC 4795 §2.5). python-zeroconf does not by unicast, nor does
 * Windows by LLMNR: there a limit that nobody starts with tells.
 */
function hasPassedRouter({ hopLimit }: MulticastDatagram): boolean {
  return hopLimit !== undefined && !INITIAL_HOP_LIMITS.has(hopLimit)
}

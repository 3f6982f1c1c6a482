import { AF_INET, type IfIndex, type IpAddress } from '../base/index.ts'
import type { Route } from '../scope/index.ts'
import type { Libc } from '../sys/index.ts'
import { composeRequest, NLM_F_REQUEST, readU16, readU32, splitAttributes, writeU16, writeU32 } from './message.ts'
import { RTM_GETROUTE, RTM_NEWROUTE } from './decode.ts'
import { ANSWER_SIZE, MSG_DONTWAIT, NETLINK_ROUTE, openKernelSocket } from './kernel-socket.ts'

const NLMSG_ERROR = 2
/** Tells the entry of the table, and none that the kernel makes up for a packet that must leave by a link (Linux 4.13). */
const RTM_F_FIB_MATCH = 0x2000
const RTA_DST = 1
const RTA_OIF = 4
/** Header, struct rtmsg, destination, link. */
const HEADER = 16
const RTMSG = 12

/** RTN_*, and the errors that stand for them. */
const REJECTED: ReadonlyMap<number, Route['kind']> = new Map([
  [6, 'blackhole'],
  [7, 'unreachable'],
  [8, 'prohibit'],
])
const ERRORS: ReadonlyMap<number, Route['kind']> = new Map([
  [22, 'blackhole'],
  [113, 'unreachable'],
  [13, 'prohibit'],
  [101, 'none'],
])

/**
 * What the kernel would do with a packet, by all its rules and tables; it answers within send(), so asking is synchronous.
 * Undefined where it cannot be asked. `ifindex`: the link the packet must leave by; 0: any.
 */
export function routeTo(libc: Libc | undefined, address: IpAddress, ifindex: IfIndex): Route | undefined {
  if (libc === undefined) return undefined
  try {
    return routeFrom(libc, address, ifindex)
  } catch {
    return undefined
  }
}

/** @throws {SysError} */
function routeFrom(libc: Libc, address: IpAddress, ifindex: IfIndex): Route | undefined {
  const fd = openKernelSocket(libc, NETLINK_ROUTE)
  try {
    const request = requestFor(address, ifindex)
    libc.call('send', fd, request, request.length, MSG_DONTWAIT)
    const answer = Buffer.alloc(ANSWER_SIZE)
    return readRoute(answer.subarray(0, libc.call('recv', fd, answer, ANSWER_SIZE, MSG_DONTWAIT)))
  } finally {
    libc.call('close', fd)
  }
}

function requestFor({ family, bytes }: IpAddress, ifindex: IfIndex): Buffer {
  const body = Buffer.alloc(RTMSG + 4 + bytes.length + (ifindex === 0 ? 0 : 8))
  body[0] = family
  body[1] = family === AF_INET ? 32 : 128
  writeU32(body, RTM_F_FIB_MATCH, 8)
  attribute(body, RTMSG, RTA_DST, bytes)
  if (ifindex !== 0) {
    const link = Buffer.alloc(4)
    writeU32(link, ifindex, 0)
    attribute(body, RTMSG + 4 + bytes.length, RTA_OIF, link)
  }
  return composeRequest(RTM_GETROUTE, NLM_F_REQUEST, 1, 0, body)
}

function attribute(body: Buffer, at: number, type: number, value: Uint8Array): void {
  writeU16(body, 4 + value.length, at)
  writeU16(body, type, at + 2)
  body.set(value, at + 4)
}

/** IPv4 tells a route that rejects as an error, IPv6 as a route of that type. Undefined for what is neither. */
export function readRoute(answer: Buffer): Route | undefined {
  if (answer.length < HEADER + 4) return undefined
  const type = readU16(answer, 4)
  if (type === NLMSG_ERROR) {
    const kind = ERRORS.get(-(readU32(answer, HEADER) | 0))
    return kind === undefined ? undefined : { kind, ifindex: 0 }
  }
  if (type !== RTM_NEWROUTE || answer.length < HEADER + RTMSG) return undefined
  const kind = REJECTED.get(answer[HEADER + 7] as number)
  if (kind !== undefined) return { kind, ifindex: 0 }
  const link = splitAttributes(answer, HEADER + RTMSG).get(RTA_OIF)
  return { kind: 'found', ifindex: link === undefined || link.length < 4 ? 0 : readU32(link, 0) }
}

import {
  aligned,
  composeRequest,
  type NetlinkMessage,
  splitMessages,
  writeU16,
  writeU32,
} from '../../../src/netlink/message.ts'

/** Builds rtnetlink messages as the kernel lays them out. */
export function attribute(type: number, data: Buffer): Buffer {
  const bytes = Buffer.alloc(aligned(4 + data.length))
  writeU16(bytes, 4 + data.length, 0)
  writeU16(bytes, type, 2)
  data.copy(bytes, 4)
  return bytes
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  writeU32(bytes, value, 0)
  return bytes
}

export function parse(type: number, ...parts: Buffer[]): NetlinkMessage {
  const [message] = splitMessages(composeRequest(type, 0, 0, 0, Buffer.concat(parts)))
  if (message === undefined) throw new Error('no message')
  return message
}

export interface LinkText {
  readonly name?: string
  readonly oper?: number
  readonly portOf?: string
  readonly mtu?: number
  readonly family?: number
}

export function link(type: number, ifindex: number, flags: number, text: LinkText = {}): NetlinkMessage {
  const attributes: Buffer[] = []
  if (text.name !== undefined) attributes.push(attribute(3, Buffer.from(`${text.name}\0`)))
  if (text.mtu !== undefined) attributes.push(attribute(4, u32(text.mtu)))
  if (text.oper !== undefined) attributes.push(attribute(16, Buffer.of(text.oper)))
  if (text.portOf !== undefined) attributes.push(attribute(18, attribute(4, Buffer.from(`${text.portOf}\0`))))
  const header = Buffer.concat([Buffer.from([text.family ?? 0, 0, 1, 0]), u32(ifindex), u32(flags), u32(0xffffffff)])
  return parse(type, header, ...attributes)
}

export interface AddressText {
  readonly prefix?: number
  readonly shortFlags?: number
  readonly scope?: number
  readonly own?: number[]
  readonly longFlags?: number
}

export function address(type: number, ifindex: number, bytes: number[], text: AddressText = {}): NetlinkMessage {
  const family = bytes.length === 4 ? 2 : 10
  const attributes = [attribute(1, Buffer.from(bytes))]
  if (text.own !== undefined) attributes.push(attribute(2, Buffer.from(text.own)))
  if (text.longFlags !== undefined) attributes.push(attribute(8, u32(text.longFlags)))
  const header = Buffer.from([family, text.prefix ?? 24, text.shortFlags ?? 0, text.scope ?? 0])
  return parse(type, header, u32(ifindex), ...attributes)
}

export interface RouteText {
  readonly family?: number
  readonly prefix?: number
  readonly table?: number
  readonly type?: number
  readonly flags?: number
}

export function route(type: number, text: RouteText, ...attributes: Buffer[]): NetlinkMessage {
  const { family = 2, prefix = 0, table = 254, flags = 0 } = text
  const header = Buffer.from([family, prefix, 0, 0, table, 3, 0, text.type ?? 1])
  return parse(type, header, u32(flags), ...attributes)
}

export function nextHop(ifindex: number, flags: number, ...attributes: Buffer[]): Buffer {
  const rest = Buffer.concat([Buffer.from([flags, 0]), u32(ifindex), ...attributes])
  const length = Buffer.alloc(2)
  writeU16(length, 2 + rest.length, 0)
  return Buffer.concat([length, rest])
}

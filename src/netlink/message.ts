/** The message is a request, in its flags (netlink(7)). */
export const NLM_F_REQUEST = 0x1

/** One netlink message, or one part of a multipart one. */
export interface NetlinkMessage {
  readonly type: number
  /** NLM_F_*. */
  readonly flags: number
  readonly seq: number
  /** The port that asked; 0 when nobody did. */
  readonly port: number
  readonly payload: Buffer
}

/** Attribute type → payload; the last wins when a type is repeated. Flag bits are taken off the type. */
export type Attributes = ReadonlyMap<number, Buffer>

const HEADER = 16
const ATTRIBUTE_HEADER = 4
/** Without NLA_F_NESTED and NLA_F_NET_BYTEORDER. */
const ATTRIBUTE_TYPE = 0x3fff

/** Netlink speaks the byte order of the machine. */
const IS_LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

export const readU16 = (bytes: Buffer, at: number): number =>
  IS_LITTLE ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)
export const readU32 = (bytes: Buffer, at: number): number =>
  IS_LITTLE ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
export const writeU16 = (bytes: Buffer, value: number, at: number): number =>
  IS_LITTLE ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at)
export const writeU32 = (bytes: Buffer, value: number, at: number): number =>
  IS_LITTLE ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at)

/** The messages of one datagram, in order; what follows a damaged header is left out. */
export function splitMessages(datagram: Buffer): NetlinkMessage[] {
  const messages: NetlinkMessage[] = []
  for (let at = 0; at + HEADER <= datagram.length; ) {
    const length = readU32(datagram, at)
    if (length < HEADER || at + length > datagram.length) break
    messages.push({
      type: readU16(datagram, at + 4),
      flags: readU16(datagram, at + 6),
      seq: readU32(datagram, at + 8),
      port: readU32(datagram, at + 12),
      payload: datagram.subarray(at + HEADER, at + length),
    })
    at += aligned(length)
  }
  return messages
}

/** The attributes from `start` on; what follows a damaged one is left out. */
export function splitAttributes(bytes: Buffer, start: number): Attributes {
  const attributes = new Map<number, Buffer>()
  for (let at = start; at + ATTRIBUTE_HEADER <= bytes.length; ) {
    const length = readU16(bytes, at)
    if (length < ATTRIBUTE_HEADER || at + length > bytes.length) break
    attributes.set(readU16(bytes, at + 2) & ATTRIBUTE_TYPE, bytes.subarray(at + ATTRIBUTE_HEADER, at + length))
    at += aligned(length)
  }
  return attributes
}

/** A message to the kernel. */
export function composeRequest(type: number, flags: number, seq: number, port: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEADER + payload.length)
  writeU32(bytes, bytes.length, 0)
  writeU16(bytes, type, 4)
  writeU16(bytes, flags, 6)
  writeU32(bytes, seq, 8)
  writeU32(bytes, port, 12)
  bytes.set(payload, HEADER)
  return bytes
}

/** Messages and attributes begin at multiples of four. */
export function aligned(length: number): number {
  return (length + 3) & ~3
}

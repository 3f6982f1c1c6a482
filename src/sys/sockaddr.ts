import { AF_INET, AF_INET6, IpAddress } from '../base/index.ts'

/** An address, a port and, for fe80::/10, the link it is on. */
export interface SocketAddress {
  readonly address: IpAddress
  readonly port: number
  /** sin6_scope_id; 0 when it does not matter. */
  readonly scopeId: number
}

/** Room for any IP socket address (struct sockaddr_in6). */
export const SOCKADDR_SIZE = 28
export const SOCKADDR_IN_SIZE = 16
const AF_UNIX = 1
/** sun_path, without the closing NUL a path needs. */
const MAX_UNIX_PATH = 107

const IS_LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
/** `value` in the byte order of this machine. */
export function hostInt(value: number): Buffer {
  return Buffer.from(Int32Array.of(value).buffer)
}
/** struct sockaddr_in or sockaddr_in6. */
export function encodeSockaddr({ address, port, scopeId }: SocketAddress): Buffer {
  const isV4 = address.family === AF_INET
  const bytes = Buffer.alloc(isV4 ? SOCKADDR_IN_SIZE : SOCKADDR_SIZE)
  bytes[IS_LITTLE ? 0 : 1] = address.family
  bytes.writeUInt16BE(port, 2)
  bytes.set(address.bytes, isV4 ? 4 : 8)
  if (!isV4) hostInt(scopeId).copy(bytes, 24)
  return bytes
}

/** The reverse; undefined for other families. */
export function decodeSockaddr(bytes: Buffer): SocketAddress | undefined {
  const family = bytes[IS_LITTLE ? 0 : 1]
  const isV4 = family === AF_INET
  if (!isV4 && family !== AF_INET6) return undefined
  if (bytes.length < (isV4 ? SOCKADDR_IN_SIZE : SOCKADDR_SIZE)) return undefined
  const address = IpAddress.fromBytes(isV4 ? bytes.subarray(4, 8) : bytes.subarray(8, 24))
  if (address === undefined) return undefined
  const scopeId = isV4 ? 0 : IS_LITTLE ? bytes.readUInt32LE(24) : bytes.readUInt32BE(24)
  return { address, port: bytes.readUInt16BE(2), scopeId }
}

/** struct sockaddr_un of a path, or of an abstract socket when it begins with '@'; undefined when it does not fit. */
export function encodeUnixSockaddr(path: string): Buffer | undefined {
  const isAbstract = path.startsWith('@')
  const name = Buffer.from(isAbstract ? `\0${path.slice(1)}` : path)
  if (!isAbstract && !path.startsWith('/')) return undefined
  if (name.length > MAX_UNIX_PATH || (!isAbstract && name.includes(0))) return undefined
  const bytes = Buffer.alloc(2 + name.length + (isAbstract ? 0 : 1))
  bytes[IS_LITTLE ? 0 : 1] = AF_UNIX
  name.copy(bytes, 2)
  return bytes
}

import { IpAddress } from '../base/index.ts'
import { quoted } from './escape.ts'
import type { ServiceParam } from './rdata-fields.ts'

/** Names by number (IANA "DNS SVCB Service Parameter Keys"). */
// biome-ignore format: a table reads better in rows
const KEY_NAMES = [
  'mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint', 'dohpath', 'ohttp',
] as const

/** Those that are read for what they mean, by number. */
export const SERVICE_PARAM = { MANDATORY: 0, ALPN: 1, PORT: 3, IPV4HINT: 4, IPV6HINT: 6, DOHPATH: 7 } as const

/** `alpn`, or `key65000` (RFC 9460 §2.1). */
export function serviceParamName(key: number): string {
  return KEY_NAMES[key] ?? `key${key}`
}

/** One parameter as in a master file: `port=443`, `alpn="h2,h3"`, a bare key for an empty value (RFC 9460 §2.1). */
export function serviceParamText(param: ServiceParam): string {
  const name = serviceParamName(param.key)
  if (param.value.length === 0) return name
  const plain = plainValue(param)
  return plain === undefined ? `${name}=${quoted(param.value)}` : `${name}=${plain}`
}

/** The value in its own notation; undefined when the bytes do not fit it, or for a key that has none. */
function plainValue({ key, value }: ServiceParam): string | undefined {
  switch (serviceParamName(key)) {
    case 'mandatory':
      return inGroups(value, 2)
        ?.map((group) => serviceParamName(group.readUInt16BE()))
        .join(',')
    case 'alpn':
      return alpnText(value)
    case 'port':
      return value.length === 2 ? String(value.readUInt16BE()) : undefined
    case 'ipv4hint':
      return addressesText(value, 4)
    case 'ipv6hint':
      return addressesText(value, 16)
    case 'ech':
      return value.toString('base64')
    default:
      return undefined
  }
}

/** Commas and backslashes inside one protocol are escaped, then the whole is quoted (RFC 9460 App. A.1). */
function alpnText(value: Buffer): string | undefined {
  const escaped = protocolsOf(value)?.map((protocol) => protocol.replace(/[\\,]/g, '\\$&'))
  return escaped && quoted(Buffer.from(escaped.join(','), 'latin1'))
}

/** The protocols of an `alpn` value; undefined when it is malformed. */
export function protocolsOf(value: Buffer): string[] | undefined {
  const protocols: string[] = []
  for (let at = 0; at < value.length; at += 1 + value[at]!) {
    const end = at + 1 + value[at]!
    if (end > value.length) return undefined
    protocols.push(value.toString('latin1', at + 1, end))
  }
  return protocols
}

function addressesText(value: Buffer, size: number): string | undefined {
  return inGroups(value, size)
    ?.map((group) => String(IpAddress.fromBytes(group)))
    .join(',')
}

/** The value in pieces of `size` bytes; undefined when it is no whole number of them. */
export function inGroups(value: Buffer, size: number): Buffer[] | undefined {
  if (value.length % size !== 0) return undefined
  return Array.from({ length: value.length / size }, (_, i) => value.subarray(i * size, (i + 1) * size))
}

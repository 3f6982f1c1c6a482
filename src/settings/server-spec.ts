import { type IfIndex, IpAddress } from '../base/index.ts'
import { parseName } from '../wire/index.ts'
import { SettingError } from './config-warning.ts'
import { isDohName, parseDohTemplate } from './doh-template.ts'

/**
 * One configured DNS server, normalised (R-SRV-3): ports 53 and 853 are stored as 0, which means "the transport's own".
 * Two are the same server when `serverKey` is equal.
 */
export interface ServerSpec {
  readonly address: IpAddress
  /** 0 = default: 53, or 853 over TLS. */
  readonly port: number
  /** Interface named with `%`; 0 = none. Link servers carry their link's index only in their scope, not here. */
  readonly ifindex: IfIndex
  /** What follows `#`, as written: the name in the server's certificate, or a URL for DNS over HTTPS. */
  readonly serverName: string | undefined
}

/** The index of the interface called `name`; undefined when there is none. */
export type IfIndexOf = (name: string) => IfIndex | undefined

const REFUSED_ADDRESSES = new Set(['0.0.0.0', '::', '127.0.0.53', '127.0.0.54'])
const DEFAULT_PORTS = new Set([53, 853])

/** True for addresses that can never be a server: "any", and our own stub's (R-SRV-3). Files skip them without a word. */
export function isRefusedServer(address: IpAddress): boolean {
  return REFUSED_ADDRESSES.has(address.text)
}

/** The identity of a server (R-SRV-3). */
export function serverKey({ address, port, ifindex, serverName }: ServerSpec): string {
  return `${address.text} ${normalPort(port)} ${ifindex} ${serverName ?? ''}`
}

/** Stores the well-known ports as 0 (R-SRV-3). */
export function normalPort(port: number): number {
  return DEFAULT_PORTS.has(port) ? 0 : port
}

/**
 * Reads `ADDR`, `ADDR:PORT` or `[ADDR]:PORT`, then `%INTERFACE`, then `#NAME` (R-CONF-4) or `#URL` (E-DOH-9).
 * @throws {SettingError} whose `part` is the bad piece
 */
export function parseServerSpec(text: string, ifindexOf: IfIndexOf): ServerSpec {
  const [beforeName, serverName] = cutAt(text, '#')
  const [beforeInterface, interfaceName] = cutAt(beforeName, '%')
  const { address, port } = parseAddressAndPort(beforeInterface)
  const ifindex = interfaceName === undefined ? 0 : parseInterface(interfaceName, ifindexOf)
  if (serverName !== undefined && isDohName(serverName) && DEFAULT_PORTS.has(port ?? 0)) {
    throw new SettingError(`'${text}' names port ${port}, which is not that of DNS over HTTPS. Leave it out.`, text)
  }
  return { address, port: normalPort(port ?? 0), ifindex, serverName: serverName && checkServerName(serverName) }
}

/** The text `parseServerSpec` reads back as the same server; the interface as its number. */
export function formatServerSpec({ address, port, ifindex, serverName }: ServerSpec): string {
  const host = port === 0 ? address.text : formatAddressAndPort(address, port)
  return `${host}${ifindex === 0 ? '' : `%${ifindex}`}${serverName === undefined ? '' : `#${serverName}`}`
}

/** `192.0.2.1:5353`, `[2001:db8::1]:5353`. */
export function formatAddressAndPort(address: IpAddress, port: number): string {
  return address.text.includes(':') ? `[${address.text}]:${port}` : `${address.text}:${port}`
}

/** `ADDR`, `V4:PORT` or `[V6]:PORT`; `port` is 1..65535, or undefined when not given. @throws {SettingError} */
export function parseAddressAndPort(text: string): { address: IpAddress; port: number | undefined } {
  const alone = IpAddress.parse(text)
  if (alone !== undefined) return { address: alone, port: undefined }
  const [, v6, v4, port] = /^(?:\[([^\]]*:[^\]]*)\]|([^:]*)):([^:]*)$/.exec(text) ?? []
  const address = IpAddress.parse(v6 ?? v4 ?? '')
  if (address === undefined) throw new SettingError(`'${text}' is not an IP address with an optional port.`, text)
  return { address, port: parsePort(port as string) }
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 0xffff) throw new SettingError(`'${text}' is not a port from 1 to 65535.`, text)
  return port
}

/** A positive number is taken as an index as it is; everything else must be the name of an interface we have. */
function parseInterface(text: string, ifindexOf: IfIndexOf): IfIndex {
  const index = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : ifindexOf(text)
  if (index === undefined || index > 0x7fffffff) throw new SettingError(`There is no interface '${text}'.`, text)
  return index
}

/**
 * A host name or an IP address, both of which can stand in a certificate, or the URL of a resource for DNS over HTTPS
 * (E-DOH-9). @throws {SettingError}
 */
export function checkServerName(text: string): string {
  if (isDohName(text)) {
    parseDohTemplate(text)
    return text
  }
  const [, scheme] = /^([a-z0-9+.-]+):\/\//i.exec(text) ?? []
  if (scheme !== undefined) throw new SettingError(`'${text}' cannot be used: only https:// can stand here.`, text)
  const isName = /^[a-z0-9_.-]+$/i.test(text) && parseName(text) !== undefined && text !== '.'
  if (!isName && IpAddress.parse(text) === undefined) throw new SettingError(`'${text}' is not a server name.`, text)
  return text
}

/** Splits at the first `mark`; an empty part after it is an error (R-CONF-4). */
function cutAt(text: string, mark: string): [before: string, after: string | undefined] {
  const at = text.indexOf(mark)
  if (at < 0) return [text, undefined]
  if (at === text.length - 1) throw new SettingError(`Nothing follows '${mark}' in '${text}'.`, text)
  return [text.slice(0, at), text.slice(at + 1)]
}

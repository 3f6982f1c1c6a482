import { IpAddress } from '../base/index.ts'
import { parseName } from '../wire/index.ts'
import { SettingError } from './config-warning.ts'

/** A resource for DNS over HTTPS, of a URI template (RFC 8484 §4.1, RFC 6570). */
export interface DohTemplate {
  /** Name or address, as the certificate must hold it; an IPv6 address without brackets. */
  readonly host: string
  /** Of the URL: part of the authority, and of the connection where the server's text has no port (E-DOH-13). */
  readonly port: number
  /** Of the request, without the variable: `/dns-query`, `/q?x=1`. */
  readonly path: string
  /** GET where the template has the variable `dns`; else POST, which needs none. */
  readonly method: 'GET' | 'POST'
}

const SCHEME = 'https://'
const HTTPS_PORT = 443

/** Whether a server's name asks for DNS over HTTPS. */
export function isDohName(serverName: string): boolean {
  return /^https:\/\//i.test(serverName)
}

/**
 * Reads `https://HOST[:PORT]/PATH[?QUERY][{?dns}]`; behind a query the variable is `{&dns}`. What could be read in more
 * than one way is refused. @throws {SettingError}
 */
export function parseDohTemplate(text: string): DohTemplate {
  const refuse = (why: string) => new SettingError(`'${text}' cannot be used for DNS over HTTPS: ${why}.`, text)
  if (!/^[\x21-\x7e]+$/.test(text)) throw refuse('it may hold only printable ASCII, and no spaces')
  const [, authority = '', rest = ''] = /^https:\/\/([^/?#{]*)(.*)$/i.exec(text) ?? []
  if (!text.toLowerCase().startsWith(SCHEME)) throw refuse('it does not begin with https://')
  if (authority.includes('@')) throw refuse('it may not hold a user name')
  if (rest.includes('#')) throw refuse('it may not hold a fragment')
  const [, path = '', variable] = /^(\/[^{}]*)(\{[?&]dns\})?$/.exec(rest) ?? []
  if (path === '') throw refuse('after the host it needs a path such as /dns-query, with {?dns} at its end or nothing')
  const isBehindQuery = path.includes('?')
  if (variable === '{?dns}' && isBehindQuery) throw refuse('behind a query the variable is {&dns}')
  if (variable === '{&dns}' && !isBehindQuery) throw refuse('without a query before it the variable is {?dns}')
  const [, host6, host4, port] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(authority) ?? []
  const host = (host6 ?? host4 ?? '').toLowerCase().replace(/\.$/, '')
  if (!isHost(host, host6 !== undefined)) throw refuse('it names no host')
  const number = port === undefined ? HTTPS_PORT : Number(port)
  if (number < 1 || number > 0xffff) throw refuse(`${port} is not a port`)
  return { host, port: number, path, method: variable === undefined ? 'POST' : 'GET' }
}

function isHost(text: string, hasBrackets: boolean): boolean {
  if (hasBrackets) return text.includes(':') && IpAddress.parse(text) !== undefined
  if (IpAddress.parse(text) !== undefined) return true
  const isLikeAddress = /^[\d.]*$|^0x/.test(text) // browsers read 1.1 as an address, certificates do not
  return !isLikeAddress && /^[a-z0-9_.-]+$/.test(text) && parseName(text) !== undefined
}

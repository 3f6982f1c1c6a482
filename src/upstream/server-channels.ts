import { type Channel, type IfIndex, isEncrypted } from '../base/index.ts'
import {
  type DnsOverTlsMode,
  type DohTemplate,
  isDohName,
  parseDohTemplate,
  type ServerSpec,
} from '../settings/index.ts'
import type { Endpoint } from './transport.ts'

export const DNS_PORT = 53
export const TLS_PORT = 853
export const HTTPS_PORT = 443

/** An encrypted channel to a server, and where it leads. */
export interface EncryptedChannel {
  readonly channel: Channel
  readonly endpoint: Endpoint
}

/**
 * By which channels one server may be asked. Where `plain` is missing nothing can be sent to it in plaintext, whatever
 * happens: there is no endpoint for it (E-DOT-11).
 */
export type ServerChannels =
  | { readonly plain: Endpoint; readonly encrypted: EncryptedChannel | undefined }
  | { readonly plain: undefined; readonly encrypted: EncryptedChannel }

/**
 * Mode and server → channels: here and nowhere else (E-DOT-1, E-DOT-2, E-DOH-11). `ifindex`: the link to leave by. Plaintext goes by
 * UDP, and by TCP what does not fit.
 */
export function serverChannels(spec: ServerSpec, mode: DnsOverTlsMode, ifindex: IfIndex): ServerChannels {
  const { address, port, serverName } = spec
  const plain = { address, port: port || DNS_PORT, ifindex, serverName }
  const tls = { address, port: port || TLS_PORT, ifindex, serverName, isVerified: mode === 'yes' }
  if (serverName !== undefined && isDohName(serverName))
    return httpsChannel(spec, parseDohTemplate(serverName), ifindex)
  if (mode === 'no') return { plain, encrypted: undefined }
  const encrypted = { channel: 'tls', endpoint: tls } as const
  return mode === 'opportunistic' ? { plain, encrypted } : { plain: undefined, encrypted }
}

/** By HTTPS in every mode, and always verified: whoever gave a URL asked for that (E-DOH-8, E-DOH-11). */
function httpsChannel({ address, port }: ServerSpec, template: DohTemplate, ifindex: IfIndex): ServerChannels {
  const { host, path, method } = template
  const literal = host.includes(':') ? `[${host}]` : host
  const authority = template.port === HTTPS_PORT ? literal : `${literal}:${template.port}`
  const resource = { authority, path, method }
  const way = { address, port: port || template.port, ifindex, serverName: host, isVerified: true, resource }
  return { plain: undefined, encrypted: { channel: 'https', endpoint: way } }
}

/** Address and link are the same on all channels; the port is that of the preferred one. */
export function mainEndpoint({ plain, encrypted }: ServerChannels): Endpoint {
  return plain ?? encrypted.endpoint
}

/** Where a message over `channel` goes; undefined when this server must not be asked so. */
export function endpointOver({ plain, encrypted }: ServerChannels, channel: Channel): Endpoint | undefined {
  if (!isEncrypted(channel)) return plain
  return encrypted?.channel === channel ? encrypted.endpoint : undefined
}

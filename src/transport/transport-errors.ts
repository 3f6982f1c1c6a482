import { reasonOf } from '../base/index.ts'
import { type Endpoint, TransportError, type TransportErrorCode } from '../upstream/index.ts'

/** System errors by what they mean to the choice among servers; all others are `io`. */
const CODES: Readonly<Record<string, TransportErrorCode>> = {
  ECONNREFUSED: 'refused',
  ENETUNREACH: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ENODEV: 'unreachable', // the link is gone
  EACCES: 'unreachable', // connect(): a route that prohibits it
  EINVAL: 'unreachable', // connect(): a blackhole route
  ETIMEDOUT: 'timeout',
  EADDRINUSE: 'no-port',
  EMSGSIZE: 'too-large',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
}

/** What a system error means to those who asked; the text names the server. */
export function transportError(error: unknown, endpoint: Endpoint): TransportError {
  if (error instanceof TransportError) return error
  const { code } = error as { code?: unknown }
  const meaning = (typeof code === 'string' ? CODES[code] : undefined) ?? 'io'
  return new TransportError(meaning, `${nameOf(endpoint)}: ${reasonOf(error)}`, error)
}

export function timeoutError({ endpoint, patience }: { endpoint: Endpoint; patience: number }): TransportError {
  return new TransportError('timeout', `${nameOf(endpoint)}: no answer within ${patience} ms`)
}

/** A server as people read it: `192.0.2.1:53`, `[2001:db8::1]:53%4`. */
export function nameOf({ address, port, ifindex }: Endpoint): string {
  const host = address.text.includes(':') ? `[${address.text}]` : address.text
  return `${host}:${port}${ifindex === 0 ? '' : `%${ifindex}`}`
}

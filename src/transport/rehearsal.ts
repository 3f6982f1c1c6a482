import { Duplex } from 'node:stream'
import { IpAddress } from '../base/index.ts'
import type { Endpoint } from '../upstream/index.ts'
import { unverifyingContext } from './root-certificates.ts'
import { TlsHandshake } from './tls-handshake.ts'

const NOBODY: Endpoint = {
  address: IpAddress.parse('192.0.2.1') as IpAddress,
  port: 853,
  ifindex: 0,
  serverName: 'dns.test',
}

/** What is written to it goes nowhere, and nothing comes. */
export function deadEnd(): Duplex {
  return new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
}

/**
 * The beginning of a handshake with nobody, which sends nothing: what is called for the first time has to be compiled, which
 * would hold up everybody for 10 ms when the first question is asked.
 */
export function rehearseHandshake(): void {
  const { socket } = new TlsHandshake({
    endpoint: NOBODY,
    raw: deadEnd(),
    secureContext: unverifyingContext(),
    alpn: undefined,
    ticket: undefined,
    now: () => 0,
    onTicket: () => undefined,
    onSecure: () => undefined,
    onFailed: () => undefined,
  })
  socket.on('error', () => undefined)
  socket.destroy()
}

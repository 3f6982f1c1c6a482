import net from 'node:net'
import { Duplex } from 'node:stream'
import { type Clock, IpAddress } from '../base/index.ts'
import type { ConnectionFacts, Endpoint, OutgoingQuery } from '../upstream/index.ts'
import { CLASS, composeQuestion, frame, type Name, RD, TYPE } from '../wire/index.ts'
import { ConnectionTransport } from './connection-transport.ts'
import { nextTurn } from './load-ahead.ts'
import { unverifyingContext } from './root-certificates.ts'
import { identityProblem } from './server-identity.ts'
import type { SecuredSocket } from './stream-connection.ts'
import { handshakeFailure } from './tls-failures.ts'
import { TlsHandshake } from './tls-handshake.ts'
import { DNS_OVER_TLS, type TlsProtocol } from './tls-transport.ts'

/*
 * What is called for the first time has to be compiled, which would hold up everybody for 10 ms when the first question is
 * asked. So it is called before, with nobody at the other end: nothing is sent.
 */

const NOBODY: Endpoint = {
  address: IpAddress.parse('192.0.2.1') as IpAddress,
  port: 853,
  ifindex: 0,
  serverName: 'dns.test',
  resource: { authority: 'dns.test', path: '/dns-query', method: 'POST' },
}
const QUERY: OutgoingQuery = {
  endpoint: NOBODY,
  channel: 'tls',
  wire: composeQuestion(0, RD, { name: '.' as Name, type: TYPE.NS, class: CLASS.IN }, 1232),
  patience: 0,
  earlier: 0,
  addsOpt: false,
  isAnsweredBy: () => true,
}
/** No records: the question with the bit of replies (RFC 1035 §4.1.1). */
export const REPLY = Buffer.from(QUERY.wire)
REPLY.writeUInt16BE(0x8000 | REPLY.readUInt16BE(2), 2)
const NEVER: Clock = { now: () => 0, wall: () => 0, after: () => ({ [Symbol.dispose]: () => undefined }) }
/** Far more turns of the loop than a reply from memory takes. */
const TURNS = 50

/** The beginning of a handshake. */
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
  new net.Socket().destroy()
  identityProblem('DNS:dns.test, IP Address:192.0.2.1', NOBODY)
}

/** As `rehearseExchange`. */
export function rehearseTls(): Promise<boolean> {
  return rehearseExchange(DNS_OVER_TLS, [frame(REPLY)])
}

/** A question and its reply over a new connection, on which the peer says `said`. Resolves with whether the reply was understood. */
export async function rehearseExchange(protocol: TlsProtocol, said: readonly Buffer[]): Promise<boolean> {
  const socket = deadEnd()
  const context = { clock: NEVER, random: { below: () => 0 } }
  await using connections = new ConnectionTransport(
    (endpoint, onClosed) => protocol.open(endpoint, securedBy(socket), context, onClosed),
    NEVER,
  )
  const results: unknown[] = []
  connections.exchange(QUERY, (result) => void results.push(result))
  socket.emit('secureConnect')
  for (const bytes of said) {
    await nextTurn() // what answers a request has to come after it
    socket.push(bytes)
  }
  for (let turn = 0; turn < TURNS && results.length === 0; turn++) await nextTurn()
  return results.some((result) => Buffer.isBuffer(result))
}

/** What is written to it goes nowhere, and what comes is pushed. */
function deadEnd(): Duplex {
  return new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
}

function securedBy(socket: Duplex): SecuredSocket {
  const facts: ConnectionFacts = {
    version: 'TLSv1.3',
    verifiedAs: undefined,
    isResumed: false,
    readyAt: 0,
    took: 0,
    isOpen: true,
  }
  return {
    socket,
    acknowledge: undefined,
    patience: 0,
    accept: () => facts,
    failure: (error) => handshakeFailure(error, NOBODY, true),
    onFailed: () => undefined,
  }
}

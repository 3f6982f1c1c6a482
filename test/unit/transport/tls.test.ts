import net from 'node:net'
import tls from 'node:tls'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { IpAddress } from '../../../src/base/index.ts'
import { Outgoing } from '../../../src/sys/index.ts'
import type { RootBundle } from '../../../src/transport/index.ts'
import { nextTurn } from '../../../src/transport/load-ahead.ts'
import { RootCertificates } from '../../../src/transport/root-certificates.ts'
import { TlsTransport } from '../../../src/transport/tls-transport.ts'
import type { ConnectionFacts, Endpoint, OutgoingQuery } from '../../../src/upstream/index.ts'
import { TransportError } from '../../../src/upstream/index.ts'
import { frame, OPTION, parseMessage, StreamFramer } from '../../../src/wire/index.ts'
import { type Credentials, TestAuthority } from '../../kit/certificates.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { queryFor, replyFor } from '../../kit/messages.ts'
import { contextOf, libc, LOOPBACK, until } from './support.ts'

const authority = new TestAuthority()
const stranger = new TestAuthority('stranger')
afterAll(() => {
  authority[Symbol.dispose]()
  stranger[Symbol.dispose]()
})
const GOOD = authority.certificate({ san: 'DNS:dns.test,IP:127.0.0.1' })
const BUNDLE = { path: 'bundle.pem', text: authority.ca }

interface Server extends AsyncDisposable {
  readonly port: number
  readonly seen: Buffer[]
  readonly sockets: tls.TLSSocket[]
  readonly tcp: net.Socket[]
  credentials(next: Credentials): void
}

type Serve = (query: Buffer, socket: tls.TLSSocket, nth: number) => void
const answer: Serve = (query, socket) => socket.write(frame(replyTo(query)))
const replyTo = (query: Buffer) => replyFor(query, { answer: ['dns.test 60 A 192.0.2.1'] })

async function serve(options: tls.TlsOptions, serving: Serve = answer): Promise<Server> {
  const seen: Buffer[] = []
  const sockets: tls.TLSSocket[] = []
  const tcp: net.Socket[] = []
  const server = tls.createServer(options, (socket) => {
    const framer = new StreamFramer()
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      for (const query of framer.push(chunk)) serving(query, socket, seen.push(query))
    })
  })
  server.on('connection', (socket: net.Socket) => tcp.push(socket.on('error', () => undefined)))
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as net.AddressInfo).port,
    seen,
    sockets,
    tcp,
    credentials: ({ cert, key }) => server.setSecureContext({ cert, key }),
    async [Symbol.asyncDispose]() {
      for (const socket of tcp) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function open(clock = new FakeClock(), roots: () => RootBundle | Promise<RootBundle> = () => BUNDLE) {
  return new TlsTransport({ ...contextOf(new Outgoing(libc), clock), roots })
}

interface Result {
  readonly reply: Buffer | undefined
  readonly code: string | undefined
  readonly message: string
  readonly facts: ConnectionFacts | undefined
}

type Change = Partial<Endpoint> & Partial<OutgoingQuery>

function queryTo(
  port: number,
  { address, ifindex = 0, serverName, isVerified = true, ...rest }: Change = {},
): OutgoingQuery {
  const endpoint = { address: address ?? LOOPBACK, port, ifindex, serverName, isVerified }
  const wire = queryFor('dns.test', { edns: 1232 })
  return { endpoint, channel: 'tls', wire, patience: 9000, earlier: 0, isAnsweredBy: () => true, ...rest }
}

function ask(transport: TlsTransport, port: number, change: Change = {}): Promise<Result> {
  return new Promise((resolve) => {
    transport.exchange(queryTo(port, change), (result, facts) => {
      const isError = result instanceof TransportError
      const reply = isError ? undefined : result
      resolve({ reply, facts, code: isError ? result.code : undefined, message: isError ? result.message : '' })
    })
  })
}

describe('E-DOT-4, E-TEST-5: strict takes a certificate', () => {
  test.each([
    ['with the name', authority.certificate({ san: 'DNS:dns.test' }), 'dns.test'],
    ['with a wildcard', authority.certificate({ san: 'DNS:*.dns.test' }), 'a.dns.test'],
    ['with the address', authority.certificate({ san: 'IP:127.0.0.1' }), undefined],
    ['with the address as its name', authority.certificate({ san: 'IP:192.0.2.9' }), '192.0.2.9'],
    ['behind an intermediate', authority.behindIntermediate({ san: 'DNS:dns.test' }, true), 'dns.test'],
  ])('%s', async (_, credentials, serverName) => {
    await using server = await serve(credentials)
    await using transport = open()
    const { reply, facts, message } = await ask(transport, server.port, { serverName })
    expect(message).toBe('')
    expect(reply?.length).toBeGreaterThan(12)
    expect(facts).toMatchObject({ version: 'TLSv1.3', verifiedAs: serverName ?? '127.0.0.1', isResumed: false })
  })
})

describe('E-DOT-4, E-TEST-5: strict says no, in words, and has sent nothing', () => {
  const now = authority.certificate({ san: 'DNS:dns.test', from: -9, to: -2 })
  test.each([
    ['another name', authority.certificate({ san: 'DNS:a.test' }), 'is for a.test, not for dns.test'],
    ['the name only as common name', authority.certificate({}), 'is for no name or address, not for dns.test'],
    ['the address alone', authority.certificate({ san: 'IP:127.0.0.1' }), 'is for 127.0.0.1, not for dns.test'],
    ['a wildcard for too much', authority.certificate({ san: 'DNS:*.test' }), 'is for *.test, not for dns.test'],
    ['expired', now, /^expired on .* GMT, or the clock of this machine is ahead$/],
    [
      'not yet valid',
      authority.certificate({ san: 'DNS:dns.test', from: 2, to: 9 }),
      /^is not valid before .* GMT, or the clock/,
    ],
    ['self-signed', authority.selfSigned(), 'is signed by nobody but itself'],
    [
      'an unknown authority',
      stranger.certificate({ san: 'DNS:dns.test' }),
      /^is signed by an authority that this system does not trust/,
    ],
    [
      'an intermediate left out',
      authority.behindIntermediate({ san: 'DNS:dns.test' }, false),
      /^is signed by an authority/,
    ],
  ])('%s', async (_, credentials, problem) => {
    await using server = await serve(credentials)
    await using transport = open()
    const { code, message } = await ask(transport, server.port, { serverName: 'dns.test' })
    expect(code).toBe('untrusted')
    expect(message.slice(0, 25)).toBe('certificate of 127.0.0.1 ')
    expect(message.slice(25)).toMatch(problem)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(server.seen).toEqual([])
  })

  test('E-NODE-10: an empty store of certificates fails closed, and one that is filled later is taken', async () => {
    await using server = await serve(GOOD)
    let bundle = { path: '/etc/ssl/certs/ca-certificates.crt', text: '' }
    await using transport = open(new FakeClock(), () => bundle)
    expect(await ask(transport, server.port)).toMatchObject({
      code: 'untrusted',
      message: 'no certificate authority is trusted: /etc/ssl/certs/ca-certificates.crt holds no certificate',
    })
    expect(server.tcp).toEqual([])
    bundle = BUNDLE
    expect((await ask(transport, server.port)).facts?.verifiedAs).toBe('127.0.0.1')
  })

  test('a store that was empty for a moment, as it was written, left strict without a server for ever: it is taken again', async () => {
    await using server = await serve(GOOD)
    let bundle = BUNDLE
    await using transport = open(new FakeClock(), () => bundle)
    const askAnew = async () => {
      for (const socket of server.sockets) socket.end()
      await until(() => server.sockets.every(({ destroyed }) => destroyed))
      await ask(transport, server.port) // it looks at the store, and may still have what was there before
      await nextTurn()
      return (await ask(transport, server.port)).code
    }
    expect(await askAnew()).toBeUndefined()
    bundle = { ...BUNDLE, text: '' }
    expect(await askAnew()).toBe('untrusted')
    bundle = { ...BUNDLE }
    expect(await askAnew()).toBeUndefined()
  })

  test('an authority that is trusted no more was trusted as long as its server took tickets: neither connection nor session outlives it', async () => {
    await using server = await serve(GOOD)
    let bundle = BUNDLE
    await using transport = open(new FakeClock(), () => bundle)
    expect((await ask(transport, server.port)).code).toBeUndefined()
    bundle = { path: 'bundle.pem', text: stranger.ca }
    server.sockets[0]?.end()
    await until(() => server.sockets[0]?.destroyed === true)
    await ask(transport, server.port) // it looks at the store, and has what was there before
    await nextTurn()
    const connections = server.tcp.length
    expect((await ask(transport, server.port)).message).toContain('an authority that this system does not trust')
    expect(server.tcp.length).toBe(connections + 1)
  })

  test('a server of TLS 1.1 only', async () => {
    await using server = await serve({
      ...GOOD,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    await using transport = open()
    expect((await ask(transport, server.port)).code).toBe('handshake')
  })
})

describe('opportunistic', () => {
  test.each([
    ['another name', authority.certificate({ san: 'DNS:a.test' })],
    ['an unknown authority', stranger.certificate({ san: 'DNS:dns.test' })],
    ['an expired certificate', authority.certificate({ from: -9, to: -2 })],
  ])('E-DOT-4: looks at nothing: %s', async (_, credentials) => {
    await using server = await serve(credentials)
    await using transport = open()
    const { facts } = await ask(transport, server.port, { serverName: 'dns.test', isVerified: false })
    expect(facts).toMatchObject({ verifiedAs: undefined })
  })

  test('needs no certificate store, and loads none', async () => {
    await using server = await serve(GOOD)
    const roots = vi.fn<() => RootBundle>(() => BUNDLE)
    await using transport = open(new FakeClock(), roots)
    expect((await ask(transport, server.port, { isVerified: false })).code).toBeUndefined()
    expect(roots).not.toHaveBeenCalled()
  })

  test('E-OURS-3: a strict question never rides on a connection that was not verified', async () => {
    await using server = await serve(stranger.certificate({ san: 'DNS:dns.test' }))
    await using transport = open()
    const serverName = 'dns.test'
    expect((await ask(transport, server.port, { serverName, isVerified: false })).code).toBeUndefined()
    expect((await ask(transport, server.port, { serverName })).code).toBe('untrusted')
    expect(server.seen.length).toBe(1)
  })
})

describe('E-DOT-3: SNI', () => {
  test.each([
    ['dns.test', 'dns.test'],
    ['dns.test.', 'dns.test'],
    ['127.0.0.1', false],
    [undefined, false],
  ])('%s is asked for as %s', async (serverName, expected) => {
    await using server = await serve(GOOD)
    await using transport = open()
    expect((await ask(transport, server.port, { serverName, isVerified: false })).code).toBeUndefined()
    expect(server.sockets[0]?.servername).toBe(expected)
    expect(server.sockets[0]?.alpnProtocol).toBe(false) // E-NODE-11
  })
})

describe('resumption', () => {
  const [renamed, serverName] = [authority.certificate({ san: 'DNS:b.test' }), 'dns.test']
  const tls12 = { maxVersion: 'TLSv1.2' } as const

  /** Asks, loses the connection when its tickets have come, and asks again. */
  async function twice(
    server: Server,
    transport: TlsTransport,
    first: Change,
    second: Change,
    meanwhile = () => undefined as void,
  ) {
    const before = await ask(transport, server.port, first)
    await new Promise((resolve) => setTimeout(resolve, 20))
    for (const socket of server.sockets) socket.end()
    await new Promise((resolve) => setTimeout(resolve, 20))
    meanwhile()
    return [before, await ask(transport, server.port, second)] as const
  }

  test.each([{}, tls12])('a verified session is resumed under the same name, %j', async (options) => {
    await using server = await serve({ ...GOOD, ...options })
    await using transport = open()
    const [before, after] = await twice(server, transport, { serverName }, { serverName })
    expect([before.facts?.isResumed, after.facts?.isResumed]).toEqual([false, true])
    expect(after.facts?.verifiedAs).toBe(serverName)
  })

  test.each([
    ['without verification', { isVerified: false }],
    ['under another name', { serverName: 'b.test', isVerified: false }],
  ])(
    'E-NODE-5: a session that was opened %s is not resumed in strict, where it would pass unseen',
    async (_, first) => {
      await using server = await serve(renamed)
      await using transport = open()
      const [before, after] = await twice(server, transport, { serverName, ...first }, { serverName })
      expect(before.code).toBeUndefined()
      expect(after).toMatchObject({
        code: 'untrusted',
        message: 'certificate of 127.0.0.1 is for b.test, not for dns.test',
      })
      expect(server.seen.length).toBe(1)
    },
  )

  test.each([{}, tls12])(
    'E-TEST-6: a server that refuses the ticket and has another certificate meanwhile, %j',
    async (options) => {
      await using server = await serve({ ...GOOD, ...options, ticketKeys: Buffer.alloc(48, 1) })
      await using transport = open()
      const refuse = () => server.credentials(renamed)
      const [before, after] = await twice(server, transport, { serverName }, { serverName }, refuse)
      expect(before.code).toBeUndefined()
      // With the keys it knows the ticket may still be taken: then it is the session that was verified.
      expect(after.facts?.isResumed === true ? 'untrusted' : after.code).toBe('untrusted')
    },
  )

  test('E-TLS-10: on another network no ticket is shown', async () => {
    await using server = await serve(GOOD)
    await using transport = open()
    const [, after] = await twice(server, transport, { serverName }, { serverName }, () => transport.renew())
    expect(after.facts?.isResumed).toBe(false)
  })
})

describe('E-TEST-6: servers that misbehave', () => {
  const tcpServer = async (onConnection: (socket: net.Socket) => void) => {
    const sockets: net.Socket[] = []
    const server = net.createServer((socket) =>
      onConnection((sockets.push(socket), socket.on('error', () => undefined))),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return {
      port: (server.address() as net.AddressInfo).port,
      sockets,
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.destroy()
        await new Promise<void>((resolve) => server.close(() => resolve()))
      },
    }
  }

  test.each([
    [
      'reset after ClientHello',
      (socket: net.Socket) => void socket.once('data', () => socket.resetAndDestroy()),
      /reset the connection during/,
    ],
    [
      'closed after ClientHello',
      (socket: net.Socket) => void socket.once('data', () => socket.end()),
      /closed the connection|disconnected|ECONNRESET|reset/,
    ],
    [
      'no TLS at all',
      (socket: net.Socket) => void socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
      /does not speak TLS/,
    ],
  ])('%s', async (_, behave, words) => {
    await using server = await tcpServer(behave)
    await using transport = open()
    const { code, message } = await ask(transport, server.port)
    expect(code).toBe('handshake')
    expect(message).toMatch(words)
  })

  test.each([
    [true, 5000],
    [false, 3000],
  ])('E-LIFE-5: one that accepts and never shakes hands, strict %s: after %d ms', async (isVerified, patience) => {
    const clock = new FakeClock()
    await using server = await tcpServer(() => undefined)
    await using transport = open(clock)
    let result: Result | undefined
    void ask(transport, server.port, { isVerified }).then((told) => (result = told))
    await until(() => server.sockets.length === 1)
    await clock.advance(patience - 1)
    expect(result).toBeUndefined()
    await clock.advance(1)
    expect(result?.code).toBe('timeout')
  })

  test('answers octet by octet, in reverse, two in one record', async () => {
    const waiting: Buffer[] = []
    await using server = await serve(GOOD, (query, socket) => {
      if (waiting.push(replyTo(query)) < 4) return
      const [a, b, c, d] = waiting.toReversed().map(frame) as [Buffer, Buffer, Buffer, Buffer]
      socket.write(Buffer.concat([a, b]))
      for (const octet of Buffer.concat([c, d])) socket.write(Buffer.of(octet))
    })
    await using transport = open()
    const results = await Promise.all([1, 2, 3, 4].map(() => ask(transport, server.port)))
    expect(results.map(({ code }) => code)).toEqual([undefined, undefined, undefined, undefined])
    expect(server.sockets.length).toBe(1)
  })

  test('E-TLS-4: the ID of a question that was given up is not used again, and its late answer is nobody else’s', async () => {
    const waiting: (() => void)[] = []
    await using server = await serve(GOOD, (query, socket) => waiting.push(() => answer(query, socket, 0)))
    await using transport = open()
    const takeBack = transport.exchange(queryTo(server.port), () => expect.unreachable())
    await until(() => waiting.length === 1)
    takeBack()
    const second = ask(transport, server.port)
    await until(() => waiting.length === 2)
    expect(server.seen[0]?.readUInt16BE()).not.toBe(server.seen[1]?.readUInt16BE())
    for (const send of waiting) send()
    expect((await second).code).toBeUndefined()
  })

  test('E-TLS-5: questions cut off by a close end with `closed`', async () => {
    await using server = await serve(GOOD, (_, socket) => socket.end())
    await using transport = open()
    expect((await ask(transport, server.port)).code).toBe('closed')
  })

  test('one slow answer does not cost a second connection while others are answered (E-TLS-3)', async () => {
    const clock = new FakeClock()
    await using server = await serve(GOOD, (query, socket, nth) => nth === 1 || answer(query, socket, nth))
    await using transport = open(clock)
    const slow = ask(transport, server.port, { patience: 2000 })
    await until(() => server.seen.length === 1)
    await clock.advance(100)
    expect((await ask(transport, server.port)).code).toBeUndefined()
    await clock.advance(2000)
    expect((await slow).code).toBe('timeout')
    expect((await ask(transport, server.port)).code).toBeUndefined()
    expect(server.sockets.length).toBe(1)
  })
})

describe('connections', () => {
  test('what is asked in one turn of the loop leaves in two writes: the first eight, for the server to begin with, and the rest', async () => {
    await using server = await serve({ ...GOOD }, answer)
    await using transport = open()
    await ask(transport, server.port)
    const before = server.tcp[0]!.bytesRead
    const reads: number[] = []
    server.sockets[0]!.on('data', (chunk: Buffer) => reads.push(chunk.length))
    await Promise.all(Array.from({ length: 20 }, () => ask(transport, server.port)))
    expect(server.seen.length).toBe(21)
    expect(reads).toEqual([8 * 130, 12 * 130]) // padded to 128 (E-TLS-7), each with its length
    expect(server.tcp[0]!.bytesRead - before).toBeLessThan(20 * 130 + 2 * 40) // the overhead of two records
  })

  test('E-TLS-6, E-TLS-7: a query is padded and asks for the keepalive time', async () => {
    await using server = await serve(GOOD)
    await using transport = open()
    await ask(transport, server.port)
    expect(server.seen[0]?.length).toBe(128)
    const codes = parseMessage(server.seen[0] as Buffer).opt?.options.map(({ code }) => code)
    expect(codes).toEqual([OPTION.TCP_KEEPALIVE, OPTION.PADDING])
  })

  const keeping = (units: number) => (query: Buffer, socket: tls.TLSSocket) => {
    const options = [
      { code: OPTION.TCP_KEEPALIVE, data: Buffer.from([units >> 8, units & 255]) },
      { code: OPTION.PADDING, data: Buffer.alloc(400) },
    ]
    const opt = { payloadSize: 1232, extendedRcode: 0, version: 0, dnssecOk: false, options }
    socket.write(frame(replyFor(query, { answer: ['dns.test 60 A 192.0.2.1'], opt })))
  }

  test.each([
    [300, 30_000],
    [65_535, 120_000],
  ])('RFC 7828: a keepalive of %d units keeps an idle connection for %d ms', async (units, idle) => {
    const clock = new FakeClock()
    await using server = await serve(GOOD, keeping(units))
    await using transport = open(clock)
    expect(parseMessage((await ask(transport, server.port)).reply as Buffer).opt?.options).toEqual([]) // E-TLS-9
    await clock.advance(idle - 1)
    await ask(transport, server.port)
    expect(server.sockets.length).toBe(1)
    await clock.advance(idle)
    await ask(transport, server.port)
    expect(server.sockets.length).toBe(2)
  })

  test('RFC 7828 §3.2.2: a keepalive of 0 closes when nobody waits any more', async () => {
    await using server = await serve(GOOD, keeping(0))
    await using transport = open()
    await ask(transport, server.port)
    await ask(transport, server.port)
    expect(server.sockets.length).toBe(2)
  })

  test('E-LIFE-4: no storm: after a failure attempts pause, longer each time, and questions meanwhile fail at once', async () => {
    const clock = new FakeClock()
    await using server = await serve(stranger.certificate({ san: 'DNS:dns.test' }))
    await using transport = open(clock)
    for (let i = 0; i < 300; i++) {
      expect((await ask(transport, server.port)).code).toBe('untrusted')
      await clock.advance(10)
    }
    const connections = server.tcp.length
    expect(connections).toBe(6) // at 0, 100, 300, 700, 1500 and 2500 ms
    transport.renew()
    await ask(transport, server.port)
    expect(server.tcp.length).toBe(connections + 1)
  })

  test('E-OURS-1: the socket is the one that sys made, on its link', async () => {
    const outgoing = new Outgoing(libc)
    const connect = vi.spyOn(outgoing, 'connectTcp')
    await using server = await serve(GOOD)
    await using transport = new TlsTransport({ ...contextOf(outgoing, new FakeClock()), roots: () => BUNDLE })
    expect((await ask(transport, server.port, { ifindex: 1 })).code).toBeUndefined()
    expect(connect.mock.calls.map(([{ ifindex, port }]) => [ifindex, port])).toEqual([[1, server.port]])
    const away = { address: IpAddress.of('192.0.2.53'), ifindex: 999_999 }
    expect((await ask(transport, 853, away)).code).toBe('unreachable')
  })
})

test('the certificates are loaded a few per turn of the loop: all at once holds up every other question for 30 ms', async () => {
  const roots = new RootCertificates(() => ({
    path: 'many',
    text: Array.from({ length: 150 }, () => authority.ca).join(''),
  }))
  let turns = 0
  let isLoading = true
  const count = () => {
    turns++
    if (isLoading) setImmediate(count)
  }
  setImmediate(count)
  await roots.load()
  isLoading = false
  expect(turns).toBeGreaterThanOrEqual(Math.floor(150 / 4))
  expect(roots.context).toBeDefined()
})

test('the first questions to servers held everybody up while connections were made: each is begun in a turn of its own', async () => {
  let turn = 0
  const opened: [port: number, turn: number][] = []
  const outgoing = new Outgoing(libc)
  vi.spyOn(outgoing, 'connectTcp').mockImplementation(({ port }) => {
    opened.push([port, turn])
    throw Object.assign(new Error('not now'), { code: 'EIO' })
  })
  await using transport = new TlsTransport(contextOf(outgoing, new FakeClock()))
  const results = [853, 854, 853, 855].map((port) => ask(transport, port, { isVerified: false }))
  expect(opened).toEqual([])
  for (; opened.length < 4; turn++) await nextTurn()
  expect((await Promise.all(results)).map(({ code }) => code)).toEqual(['io', 'io', 'io', 'io'])
  expect(opened.map(([port]) => port)).toEqual([853, 853, 854, 855])
  expect(new Set(opened.map(([, at]) => at)).size).toBe(3)
})

test('a question that is taken back before its turn opens no connection', async () => {
  const outgoing = new Outgoing(libc)
  const connect = vi.spyOn(outgoing, 'connectTcp')
  await using transport = new TlsTransport(contextOf(outgoing, new FakeClock()))
  transport.exchange(queryTo(853, { isVerified: false }), () => undefined)()
  for (let turns = 0; turns < 3; turns++) await nextTurn()
  expect(connect).not.toHaveBeenCalled()
})

import http2 from 'node:http2'
import net from 'node:net'
import tls from 'node:tls'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { Outgoing } from '../../../src/sys/index.ts'
import type { ChannelTransport } from '../../../src/transport/index.ts'
import { openHttpsTransport } from '../../../src/transport/https-transport.ts'
import type { ConnectionFacts, HttpResource, OutgoingQuery } from '../../../src/upstream/index.ts'
import { TransportError } from '../../../src/upstream/index.ts'
import { isReplyTo, parseMessage } from '../../../src/wire/index.ts'
import { TestAuthority } from '../../kit/certificates.ts'
import { FakeClock } from '../../kit/fake-clock.ts'
import { queryFor, replyFor } from '../../kit/messages.ts'
import { contextOf, libc, LOOPBACK, until } from './support.ts'

const authority = new TestAuthority()
afterAll(() => authority[Symbol.dispose]())
const GOOD = authority.certificate({ san: 'DNS:dns.test' })
const POST: HttpResource = { authority: 'dns.test', path: '/dns-query', method: 'POST' }
const GET: HttpResource = { authority: 'dns.test:8443', path: '/q?x=1', method: 'GET' }
const DNS = 'application/dns-message'

interface Request {
  readonly headers: http2.IncomingHttpHeaders
  readonly body: Buffer
  /** The DNS message, wherever it was. */
  readonly wire: Buffer
  readonly stream: http2.ServerHttp2Stream
}
type Serve = (request: Request, nth: number) => void

const replyTo = (wire: Buffer) => replyFor(wire, { answer: ['dns.test 300 A 192.0.2.1'] })
const ok = { ':status': 200, 'content-type': DNS }
const answer: Serve = ({ stream, wire }) => {
  stream.respond(ok)
  stream.end(replyTo(wire))
}

async function serve(serving: Serve = answer, settings: http2.Settings = {}, credentials = GOOD) {
  const seen: Request[] = []
  const sessions: http2.ServerHttp2Session[] = []
  const server = http2.createSecureServer({ cert: credentials.cert, key: credentials.key, settings })
  server.on('session', (session) => sessions.push(session.on('error', () => undefined)))
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('error', () => undefined)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      const body = Buffer.concat(chunks)
      const variable = /[?&]dns=([\w-]+)$/.exec(headers[':path'] ?? '')?.[1]
      const wire = variable === undefined ? body : Buffer.from(variable, 'base64url')
      const request = { headers, body, wire, stream }
      serving(request, seen.push(request))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as net.AddressInfo).port,
    seen,
    sessions,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function open(clock = new FakeClock()): ChannelTransport {
  const roots = { path: 'bundle', text: authority.ca }
  return openHttpsTransport({ ...contextOf(new Outgoing(libc), clock), roots: () => roots })
}

/** A way to a server that can lose what goes along it. */
async function pathTo(port: number) {
  const sockets: net.Socket[] = []
  let isForgotten = false
  const server = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1')
    sockets.push(
      near.on('error', () => undefined),
      far.on('error', () => undefined),
    )
    near.on('data', (chunk) => isForgotten || far.write(chunk))
    far.on('data', (chunk) => isForgotten || near.write(chunk))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as net.AddressInfo).port,
    forget: () => (isForgotten = true),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

interface Result {
  readonly reply: Buffer | undefined
  readonly code: string | undefined
  readonly message: string
  readonly facts: ConnectionFacts | undefined
}

interface Change {
  readonly resource?: HttpResource
  readonly id?: number
  readonly patience?: number
  readonly serverName?: string
}

function queryTo(
  port: number,
  { resource = POST, id = 0x1234, patience = 9000, serverName = 'dns.test' }: Change = {},
): OutgoingQuery {
  const wire = queryFor('dns.test', { edns: 1232, id })
  const endpoint = { address: LOOPBACK, port, ifindex: 0, serverName, isVerified: true, resource }
  const isAnsweredBy = (reply: Buffer) => isReplyTo(reply, wire)
  return { endpoint, channel: 'https', wire, patience, earlier: 0, isAnsweredBy }
}

function ask(transport: ChannelTransport, port: number, change: Change = {}): Promise<Result> {
  return new Promise((resolve) => {
    transport.exchange(queryTo(port, change), (result, facts) => {
      const isError = result instanceof TransportError
      const reply = isError ? undefined : result
      resolve({ reply, facts, code: isError ? result.code : undefined, message: isError ? result.message : '' })
    })
  })
}

describe('requests', () => {
  test('E-DOH-1, E-DOH-2, E-DOH-6: POST: the message as body, ID 0, padded, and nothing that tells who asks', async () => {
    await using server = await serve()
    await using transport = open()
    const { reply, facts } = await ask(transport, server.port)
    expect([reply?.readUInt16BE(0), facts?.verifiedAs]).toEqual([0x1234, 'dns.test'])
    const [request] = server.seen
    expect(Object.fromEntries(Object.entries(request?.headers ?? {}))).toEqual({
      ':method': 'POST',
      ':path': '/dns-query',
      ':authority': 'dns.test',
      ':scheme': 'https',
      accept: DNS,
      'content-type': DNS,
      'content-length': '128',
    })
    expect([request?.wire.readUInt16BE(0), request?.wire.length]).toEqual([0, 128])
  })

  test('E-DOH-4: a malformed message with an Age header is the failure of its server; it ended the daemon', async () => {
    await using server = await serve(({ stream, wire }) => {
      stream.respond({ ...ok, age: '5' })
      stream.end(Buffer.concat([wire.subarray(0, 2), Buffer.from('818000010001', 'hex'), wire.subarray(8, -1)]))
    })
    await using transport = open()
    expect(await ask(transport, server.port)).toMatchObject({
      code: 'http',
      message: expect.stringContaining('no DNS'),
    })
  })

  test('E-DOH-1: GET: the message in the variable, base64url without padding', async () => {
    await using server = await serve()
    await using transport = open()
    expect((await ask(transport, server.port, { resource: GET })).message).toBe('')
    const [request] = server.seen
    expect(request?.headers[':path']).toMatch(/^\/q\?x=1&dns=[\w-]+$/)
    expect([request?.headers[':authority'], request?.body.length]).toEqual(['dns.test:8443', 0])
    expect(parseMessage(request?.wire ?? Buffer.alloc(0)).question?.name).toBe('dns.test')
  })

  test('E-DOH-5: many questions are streams of one connection, also where the server allows one at a time', async () => {
    await using server = await serve(answer, { maxConcurrentStreams: 1 })
    await using transport = open()
    const results = await Promise.all(Array.from({ length: 50 }, (_, id) => ask(transport, server.port, { id })))
    expect(results.map(({ reply }) => reply?.readUInt16BE(0))).toEqual(Array.from({ length: 50 }, (_, id) => id))
    expect(server.sessions.length).toBe(1)
  })
})

test('E-DOH-5: until the server has said how many streams it allows, there is one', async () => {
  const opened: number[] = []
  const sockets: tls.TLSSocket[] = []
  const options = { cert: GOOD.cert, key: GOOD.key, ALPNProtocols: ['h2'] }
  const server = tls.createServer(options, (socket) => {
    sockets.push(socket.on('error', () => undefined))
    let bytes = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      opened.splice(0, opened.length, ...streamsIn(bytes))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await using transport = open()
  const { port } = server.address() as net.AddressInfo
  const asked = [1, 2].map((id) => ask(transport, port, { id }))
  await until(() => opened.length > 0)
  asked.push(ask(transport, port, { id: 3 }))
  await using another = await serve()
  await ask(transport, another.port) // by then whatever was asked before has left
  expect(opened).toEqual([1])
  sockets[0]?.write(Buffer.from('000000040000000000', 'hex')) // SETTINGS, all as by default
  await until(() => opened.length > 1)
  expect(opened).toEqual([1, 3, 5])
  sockets[0]?.destroy()
  expect((await Promise.all(asked)).map(({ code }) => code)).toEqual(['closed', 'closed', 'closed'])
  server.close()
})

test('the first question over HTTPS held everybody up: HTTP/2 begins in the turn of the loop after the handshake', async () => {
  const begun = vi.spyOn(http2, 'connect')
  const connect = tls.connect as (options: tls.ConnectionOptions) => tls.TLSSocket
  const atHandshake: number[] = []
  vi.spyOn(tls, 'connect').mockImplementation(((options: tls.ConnectionOptions) => {
    const look = () => queueMicrotask(() => atHandshake.push(begun.mock.calls.length)) // after all who listen
    return connect(options).on('secureConnect', look)
  }) as typeof tls.connect)
  await using server = await serve()
  await using transport = open()
  expect((await ask(transport, server.port)).code).toBeUndefined()
  expect([atHandshake, begun.mock.calls.length]).toEqual([[0], 1])
  vi.restoreAllMocks()
})

/** Numbers of the streams whose HEADERS have come: after the preface of 24 bytes, length, type, flags, stream (RFC 9113 §4.1). */
function streamsIn(bytes: Buffer): number[] {
  const streams: number[] = []
  for (let at = 24; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes[at + 3] === 1) streams.push(bytes.readUInt32BE(at + 5))
  }
  return streams
}

describe('responses', () => {
  test.each([
    [0, 300],
    [100, 200],
    [299, 1],
    [400, 1],
  ])('E-DOH-4: Age %d leaves a TTL of %d', async (seconds, ttl) => {
    await using server = await serve(({ stream, wire }) => {
      stream.respond({ ...ok, age: String(seconds) })
      stream.end(replyTo(wire))
    })
    await using transport = open()
    const { reply } = await ask(transport, server.port)
    expect(parseMessage(reply as Buffer).answer[0]?.ttl).toBe(ttl)
  })

  const responding = (headers: http2.OutgoingHttpHeaders, body?: Buffer): Serve => {
    return ({ stream, wire }) => {
      stream.respond(headers)
      stream.end(body ?? replyTo(wire))
    }
  }
  test.each<[string, Serve, RegExp]>([
    ['500', responding({ ...ok, ':status': 500 }), /HTTP status 500/],
    ['302', responding({ ':status': 302, location: 'https://elsewhere.test/' }), /HTTP status 302/],
    ['415', responding({ ':status': 415 }), /HTTP status 415/],
    ['another media type', responding({ ':status': 200, 'content-type': 'text/html; charset=x' }), /'text\/html'/],
    ['no media type', responding({ ':status': 200 }), /no DNS message/],
    ['nothing', responding(ok, Buffer.alloc(0)), /no DNS message/],
    ['more than 64 KiB', responding(ok, Buffer.alloc(70_000)), /more than a DNS message/],
    ['another question', responding(ok, replyFor(queryFor('other.test', { id: 0 }))), /another question/],
  ])('E-DOH-3, E-TEST-6: %s is a failure in words', async (_, serving, words) => {
    await using server = await serve(serving)
    await using transport = open()
    const { code, message } = await ask(transport, server.port)
    expect(code).toBe('http')
    expect(message).toMatch(words)
  })

  test('E-DOH-3: any rcode is an answer, and the media type may have parameters', async () => {
    await using server = await serve(({ stream, wire }) => {
      stream.respond({ ':status': 200, 'content-type': 'Application/DNS-Message; x=y' })
      stream.end(replyFor(wire, { rcode: 2 }))
    })
    await using transport = open()
    expect(parseMessage((await ask(transport, server.port)).reply as Buffer).rcode).toBe(2)
  })
})

describe('connections', () => {
  test('E-DOH-5: GOAWAY: what is under way is answered, what comes then goes over another connection', async () => {
    const held: Request[] = []
    await using server = await serve((request, nth) => (nth === 1 ? held.push(request) : answer(request, nth)))
    await using transport = open()
    const first = ask(transport, server.port)
    await until(() => held.length === 1)
    server.sessions[0]?.goaway(0, 2 ** 31 - 1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect((await ask(transport, server.port)).message).toBe('')
    answer(held[0] as Request, 1)
    expect((await first).message).toBe('')
    expect(server.sessions.length).toBe(2)
  })

  test('E-TLS-5: GOAWAY that overtakes an answer: what the server did not take on ends after that answer', async () => {
    const held: Request[] = []
    await using server = await serve((request) => held.push(request))
    await using transport = open()
    const ended: string[] = []
    const asked = [1, 2, 3].map(async (id) => {
      const { code } = await ask(transport, server.port, { id })
      ended.push(code ?? 'answered')
    })
    await until(() => held.length === 3)
    const [first] = held.toSorted((a, b) => (a.stream.id ?? 0) - (b.stream.id ?? 0))
    server.sessions[0]?.goaway(0, first?.stream.id)
    await until(() => held.filter(({ stream }) => stream.closed).length === 2)
    expect(ended).toEqual([])
    answer(first as Request, 1)
    await Promise.all(asked)
    expect(ended).toEqual(['answered', 'closed', 'closed'])
  })

  test('a stream that is reset ends that question alone', async () => {
    const held: Request[] = []
    await using server = await serve((request) => held.push(request))
    await using transport = open()
    const [first, second] = [ask(transport, server.port, { id: 1 }), ask(transport, server.port, { id: 2 })]
    await until(() => held.length === 2)
    held[0]?.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR)
    answer(held[1] as Request, 2)
    const codes = [(await first).code, (await second).code]
    expect(new Set(codes)).toEqual(new Set(['closed', undefined])) // they may arrive in any order
  })

  test('the end of a connection ends its questions with `closed`, and the next one connects anew', async () => {
    await using server = await serve((request, nth) =>
      nth === 1 ? request.stream.session?.destroy() : answer(request, nth),
    )
    await using transport = open()
    expect((await ask(transport, server.port)).code).toBe('closed')
    expect((await ask(transport, server.port)).message).toBe('')
  })

  test('E-DOH-5: before a question on a connection that was idle it is asked for a sign of life', async () => {
    const clock = new FakeClock()
    const held: Request[] = []
    await using server = await serve((request, nth) => (nth === 1 ? answer(request, nth) : held.push(request)))
    await using path = await pathTo(server.port)
    await using transport = open(clock)
    await ask(transport, path.port)
    await clock.advance(5000)
    path.forget()
    const lost = ask(transport, path.port)
    await clock.advance(1500)
    expect(await lost).toMatchObject({
      code: 'closed',
      message: expect.stringContaining('the connection is dead') as string,
    })
  })

  test('a question on a session that has ended, which nobody has told yet, counted as a fault of this machine: it is `closed`', async () => {
    const clock = new FakeClock()
    const begun = vi.spyOn(http2, 'connect')
    await using server = await serve()
    await using transport = open(clock)
    await ask(transport, server.port)
    await clock.advance(5000)
    const session = begun.mock.results[0]?.value as http2.ClientHttp2Session
    session.destroy()
    expect((await ask(transport, server.port)).code).toBe('closed')
    expect((await ask(transport, server.port)).code).toBeUndefined()
    vi.restoreAllMocks()
  })

  test('a connection that we gave up in its handshake was taken for a server that cannot be reached: the next question connects at once', async () => {
    const sockets: net.Socket[] = []
    const server = net.createServer((socket) => sockets.push(socket.resume().on('error', () => undefined)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as net.AddressInfo
    let roots = { path: 'bundle', text: authority.ca }
    await using transport = openHttpsTransport({
      ...contextOf(new Outgoing(libc), new FakeClock()),
      roots: () => roots,
    })
    const begin = (serverName: string) => transport.exchange(queryTo(port, { serverName }), () => undefined)
    const takeBack = begin('a.test')
    await until(() => sockets.length === 1)
    takeBack()
    roots = { ...roots } // so that connections from before are not used any more
    begin('b.test')
    await until(() => sockets[0]?.destroyed === true)
    begin('a.test')
    await until(() => sockets.length >= 3)
    expect(sockets.length).toBe(3)
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  test('an idle connection is closed after ten seconds', async () => {
    const clock = new FakeClock()
    await using server = await serve()
    await using transport = open(clock)
    await ask(transport, server.port)
    await clock.advance(10_000)
    expect(clock.pending).toBe(0)
    await ask(transport, server.port)
    expect(server.sessions.length).toBe(2)
  })

  test('E-DOH-8: always verified', async () => {
    await using server = await serve(answer, {}, authority.certificate({ san: 'DNS:other.test' }))
    await using transport = open()
    expect(await ask(transport, server.port)).toMatchObject({
      code: 'untrusted',
      message: 'certificate of 127.0.0.1 is for other.test, not for dns.test',
    })
    expect(server.seen).toEqual([])
  })

  test('closing ends what is under way and leaves no timer', async () => {
    const clock = new FakeClock()
    let asked = 0
    await using server = await serve(() => asked++)
    const transport = open(clock)
    const lost = ask(transport, server.port)
    await until(() => asked === 1)
    await transport[Symbol.asyncDispose]()
    expect((await lost).code).toBe('io')
    expect(clock.pending).toBe(0)
  })
})

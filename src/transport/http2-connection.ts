import http2 from 'node:http2'
import type { Duplex } from 'node:stream'
import type { Clock, Millis } from '../base/index.ts'
import {
  type ConnectionFacts,
  type Endpoint,
  type OutgoingQuery,
  type Settle,
  TransportError,
} from '../upstream/index.ts'
import { withHopOptions } from '../wire/index.ts'
import type { Connection } from './connection-transport.ts'
import { dohReplyOf, MEDIA_TYPE } from './doh-response.ts'
import type { SecuredSocket } from './stream-connection.ts'
import { nameOf, transportError } from './transport-errors.ts'

const IDLE: Millis = 10_000
/** Questions under way; Node holds back what the server does not allow at once. */
const MAX_WAITING = 1024
const LARGEST = 0xffff
/** Before a question on a connection that was idle for so long, it is asked for a sign of life, and given up without one. */
const PING_AFTER: Millis = 3000
const PING_PATIENCE: Millis = 1500

interface Waiting {
  readonly query: OutgoingQuery
  readonly settle: Settle
  readonly askedAt: Millis
  stream: http2.ClientHttp2Stream | undefined
}

/** Questions as streams of one HTTP/2 connection (RFC 8484). */
export class Http2Connection implements Connection {
  readonly #endpoint: Endpoint
  readonly #handshake: SecuredSocket
  readonly #clock: Clock
  readonly #onClosed: (connection: Connection) => void
  readonly #waiting = new Set<Waiting>()
  /** Of those the ones that the server has not taken on when it said that it goes (RFC 9113 §6.8), and why they end. */
  readonly #refused = new Map<Waiting, string>()
  #session: http2.ClientHttp2Session | undefined
  #facts: ConnectionFacts | undefined
  #heardAt: Millis = 0
  #timer: Disposable | undefined
  #ping: Disposable | undefined
  #knowsSettings = false
  #isRetired = false
  #isClosed = false

  constructor(endpoint: Endpoint, handshake: SecuredSocket, clock: Clock, onClosed: (connection: Connection) => void) {
    this.#endpoint = endpoint
    this.#handshake = handshake
    this.#clock = clock
    this.#onClosed = onClosed
    const { socket, patience } = handshake
    socket.on('secureConnect', () => this.#onSecure())
    socket.on('error', (error) => this.close(this.#failure(error)))
    socket.on('close', () => this.close(this.#failure(undefined)))
    this.#timer = clock.after(patience, () => this.close(this.#error('timeout', 'cannot connect in time')))
  }

  get isUsable(): boolean {
    return !this.#isClosed && !this.#isRetired && this.#waiting.size < MAX_WAITING
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0
  }

  ask(query: OutgoingQuery, settle: Settle): (wasSilent: boolean) => void {
    const waiting: Waiting = { query, settle, askedAt: this.#clock.now(), stream: undefined }
    this.#waiting.add(waiting)
    if (this.#session !== undefined) {
      this.#stopTimer()
      if (waiting.askedAt - this.#heardAt > PING_AFTER) this.#lookAlive(this.#session)
      if (this.#knowsSettings || this.#waiting.size === 1) this.#request(this.#session, waiting)
    }
    return (wasSilent) => {
      if (!this.#waiting.has(waiting)) return
      if (wasSilent && this.#heardAt < waiting.askedAt) this.#isRetired = true
      waiting.stream?.close(http2.constants.NGHTTP2_CANCEL)
      this.#forget(waiting)
      if (!this.#hasTakenOn(waiting)) queueMicrotask(() => this.#endRefused())
    }
  }

  retire(): void {
    this.#isRetired = true
    if (this.isIdle) this.close(this.#error('closed', 'the connection is not used any more'))
  }

  close(reason: TransportError): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#stopTimer()
    this.#ping?.[Symbol.dispose]()
    if (this.#facts === undefined) this.#handshake.onFailed(reason)
    this.#session?.destroy()
    this.#handshake.socket.destroy()
    this.#onClosed(this)
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    this.#refused.clear()
    for (const { settle } of waiting) settle(reason)
  }

  #onSecure(): void {
    try {
      this.#facts = this.#handshake.accept()
    } catch (error) {
      return this.close(transportError(error, this.#endpoint))
    }
    this.#stopTimer()
    this.#heardAt = this.#clock.now()
    setImmediate(() => this.#openSession()) // with the handshake it would take several milliseconds in one turn of the loop
  }

  #openSession(): void {
    if (this.#isClosed) return
    const { socket } = this.#handshake
    const session = sessionOver(socket, this.#endpoint.resource?.authority ?? '')
    session.on('error', (error) => this.close(this.#failure(error)))
    session.on('close', () => this.close(this.#error('closed', 'the server closed the connection')))
    session.on('goaway', () => this.retire()) // what it has taken on it still answers
    session.on('remoteSettings', () => this.#onSettings())
    this.#session = session
    const [first] = this.#waiting
    if (first !== undefined) this.#request(session, first)
    if (this.isIdle) this.#startIdle()
  }

  /** From now on Node keeps to the number of streams that the server allows at once; until then there is one. */
  #onSettings(): void {
    if (this.#session === undefined) return
    this.#knowsSettings = true
    for (const waiting of this.#waiting) if (waiting.stream === undefined) this.#request(this.#session, waiting)
  }

  #request(session: http2.ClientHttp2Session, waiting: Waiting): void {
    const { authority = '', path = '/', method } = this.#endpoint.resource ?? {}
    const wire = Buffer.from(withHopOptions(waiting.query.wire, false, waiting.query.addsOpt))
    wire.writeUInt16BE(0, 0) // RFC 8484 §4.1: the same question is the same request
    const isGet = method === 'GET'
    const separator = path.includes('?') ? '&' : '?'
    const stream = this.#streamOf(session, {
      ':method': isGet ? 'GET' : 'POST',
      ':authority': authority,
      ':path': isGet ? `${path}${separator}dns=${wire.toString('base64url')}` : path,
      accept: MEDIA_TYPE,
      ...(isGet ? {} : { 'content-type': MEDIA_TYPE, 'content-length': wire.length }),
    })
    if (stream === undefined) {
      return queueMicrotask(() => this.#onCutOff(waiting, 'the connection is closing'))
    }
    waiting.stream = stream
    const chunks: Buffer[] = []
    let size = 0
    let headers: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {}
    stream.on('response', (received) => {
      this.#heardAt = this.#clock.now()
      headers = received
    })
    stream.on('data', (chunk: Buffer) => {
      this.#heardAt = this.#clock.now()
      size += chunk.length
      if (size <= LARGEST) chunks.push(chunk)
      else this.#fail(waiting, 'http', 'sends more than a DNS message can hold')
    })
    stream.on('error', (error) => this.#onCutOff(waiting, error.message))
    stream.on('close', () => this.#onCutOff(waiting, 'the stream was closed without an answer'))
    stream.on('end', () => {
      if (this.#waiting.has(waiting)) this.#end(waiting, this.#replyOf(waiting.query, headers, Buffer.concat(chunks)))
    })
    stream.end(isGet ? undefined : wire)
  }

  /** Undefined where the session has ended, and nobody has told yet. */
  #streamOf(
    session: http2.ClientHttp2Session,
    headers: http2.OutgoingHttpHeaders,
  ): http2.ClientHttp2Stream | undefined {
    try {
      return session.request(headers)
    } catch {
      this.#isRetired = true
      return undefined
    }
  }

  #replyOf(
    query: OutgoingQuery,
    headers: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader,
    body: Buffer,
  ): Buffer | TransportError {
    const reply = dohReplyOf(query, headers, body)
    return typeof reply === 'string' ? this.#error('http', reply) : reply
  }

  /**
   * The stream is closed. When the server goes, what it has not taken on ends only once what it has is answered: GOAWAY may come
   * before those answers, and a server that answered something on each connection is not to blame (E-TLS-5).
   */
  #onCutOff(waiting: Waiting, text: string): void {
    if (!this.#waiting.has(waiting) || this.#refused.has(waiting)) return
    if (this.#isRetired && this.#hasTakenOn(waiting)) this.#refused.set(waiting, text)
    else this.#fail(waiting, 'closed', text)
  }

  /** Whether the server may still answer another question. */
  #hasTakenOn(but: Waiting): boolean {
    for (const waiting of this.#waiting) {
      if (waiting !== but && waiting.stream?.closed === false && !this.#refused.has(waiting)) return true
    }
    return false
  }

  /** Every stream closes, most of them answered: an error costs more than all the rest, so it is made only for those that are not. */
  #fail(waiting: Waiting, code: 'closed' | 'http', text: string): void {
    if (this.#waiting.has(waiting)) this.#end(waiting, this.#error(code, text))
  }

  #end(waiting: Waiting, result: Buffer | TransportError): void {
    if (result instanceof TransportError) waiting.stream?.close(http2.constants.NGHTTP2_CANCEL)
    this.#forget(waiting)
    waiting.settle(result, this.#facts)
    this.#endRefused()
  }

  #endRefused(): void {
    if (this.#refused.size === 0) return
    const refused = [...this.#refused]
    this.#refused.clear()
    for (const [waiting, text] of refused) this.#fail(waiting, 'closed', text)
  }

  #forget(waiting: Waiting): void {
    this.#waiting.delete(waiting)
    this.#refused.delete(waiting)
    if (!this.isIdle || this.#isClosed) return
    if (this.#isRetired) this.retire()
    else if (this.#session !== undefined) this.#startIdle()
  }

  /** A path that has forgotten the connection shows only by silence (E-DOH-5). */
  #lookAlive(session: http2.ClientHttp2Session): void {
    if (this.#ping !== undefined || session.destroyed) return
    const clock = this.#clock
    this.#ping = clock.after(PING_PATIENCE, () => this.close(this.#error('closed', 'the connection is dead')))
    session.ping((error) => {
      if (error === null) this.#heardAt = clock.now()
      this.#ping?.[Symbol.dispose]()
      this.#ping = undefined
    })
  }

  #startIdle(): void {
    this.#stopTimer()
    this.#timer = this.#clock.after(IDLE, () => this.close(this.#error('closed', 'nothing was asked for a while')))
  }

  #stopTimer(): void {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
  }

  #failure(error: Error | undefined): TransportError {
    if (this.#facts === undefined) return this.#handshake.failure(error)
    return this.#error('closed', error?.message ?? 'the server closed the connection')
  }

  #error(code: 'closed' | 'timeout' | 'http', text: string): TransportError {
    return new TransportError(code, `${nameOf(this.#endpoint)}: ${text}`)
  }
}

function sessionOver(socket: Duplex, authority: string): http2.ClientHttp2Session {
  return http2.connect(`https://${authority}`, {
    createConnection: () => socket,
    settings: { enablePush: false },
    maxSessionMemory: 2, // MiB; a response takes 64 KiB at most
  })
}

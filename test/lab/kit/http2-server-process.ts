import http2 from 'node:http2'
import { createInterface } from 'node:readline'
import { parseMessage } from '../../../src/wire/index.ts'
import { replyFor } from '../../kit/messages.ts'
import type { TlsOrder, TlsServerReport } from './tls-server-process.ts'

/** What the server for DNS over HTTPS does; all else is an ordinary answer, of TTL 300. */
export type HttpBehaviour =
  | 'answer'
  | 'status-302'
  | 'status-404'
  | 'status-415'
  | 'status-429'
  | 'status-500'
  | 'wrong-media-type'
  | 'too-large'
  | 'no-message'
  | 'aged'
  | 'goaway'
  | 'reset-stream'
  | 'silent'

/** Orders and reports are those of the server for TLS. */
export interface HttpOrder extends Omit<TlsOrder, 'behaviour'> {
  readonly behaviour?: HttpBehaviour
}

const MEDIA_TYPE = 'application/dns-message'
const LARGEST = 0xffff
const report = { connections: 0, handshakes: 0, resumed: 0, questions: [] as TlsServerReport['questions'][number][] }
let behaviour: HttpBehaviour = 'answer'
const sessions = new Set<http2.ServerHttp2Session>()

function serve(credentials: { readonly cert: string; readonly key: string }): http2.Http2SecureServer {
  const server = http2.createSecureServer({ ...credentials, settings: { maxConcurrentStreams: 2 } })
  server.on('session', (session) => {
    report.connections++
    report.handshakes++
    sessions.add(session.on('close', () => sessions.delete(session)).on('error', () => undefined))
  })
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('error', () => undefined)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => answer(stream, bodyOf(headers, chunks)))
  })
  return server
}

function bodyOf(headers: http2.IncomingHttpHeaders, chunks: readonly Buffer[]): Buffer {
  const [, variable] = /[?&]dns=([^&]*)/.exec(headers[':path'] ?? '') ?? []
  return variable === undefined ? Buffer.concat(chunks) : Buffer.from(variable, 'base64url')
}

function answer(stream: http2.ServerHttp2Stream, query: Buffer): void {
  const { question } = parseMessage(query)
  report.questions.push({ name: question?.name ?? '', length: query.length, sni: undefined })
  const records = question?.type === 1 ? [`${question.name} 300 A 192.0.2.77`] : []
  const reply = replyFor(query, { answer: records })
  const usual = { ':status': 200, 'content-type': MEDIA_TYPE }
  const [, status] = /^status-(\d+)$/.exec(behaviour) ?? []
  if (status !== undefined) {
    stream.respond({ ':status': Number(status), 'content-type': MEDIA_TYPE, location: 'https://elsewhere.test/' })
    return void stream.end(reply)
  }
  switch (behaviour) {
    case 'wrong-media-type':
      stream.respond({ ...usual, 'content-type': 'text/html' })
      return void stream.end(reply)
    case 'too-large':
      stream.respond(usual)
      return void stream.end(Buffer.concat([reply, Buffer.alloc(LARGEST)]))
    case 'no-message':
      stream.respond(usual)
      return void stream.end('hello')
    case 'aged':
      stream.respond({ ...usual, age: '100' })
      return void stream.end(reply)
    case 'reset-stream':
      return stream.close(http2.constants.NGHTTP2_REFUSED_STREAM)
    case 'silent':
      return
    case 'goaway':
      stream.session?.goaway(http2.constants.NGHTTP2_NO_ERROR, stream.id)
      stream.respond(usual)
      return void stream.end(reply)
    default:
      stream.respond(usual)
      stream.end(reply)
  }
}

let server: http2.Http2SecureServer | undefined
createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line) as HttpOrder
  if (order.behaviour !== undefined) behaviour = order.behaviour
  if (order.hangUp === true) for (const session of sessions) session.destroy()
  if (order.credentials !== undefined) {
    if (server === undefined) server = serve(order.credentials)
    else server.setSecureContext(order.credentials)
  }
  if (order.listen === undefined) return console.log(JSON.stringify(report))
  server?.listen(order.listen.port, order.listen.address, () => console.log(JSON.stringify(report)))
})

import net from 'node:net'
import { createInterface } from 'node:readline'
import tls from 'node:tls'
import { frame, OPTION, parseMessage, RCODE, StreamFramer, TC } from '../../../src/wire/index.ts'
import { replyFor } from '../../kit/messages.ts'

/** What is to change; each order is answered with a report. */
export interface TlsOrder {
  readonly listen?: { readonly address: string; readonly port: number }
  readonly credentials?: { readonly cert: string; readonly key: string }
  readonly behaviour?: TlsBehaviour
  /** Ends all connections. */
  readonly hangUp?: true
}

export type TlsBehaviour =
  | 'answer'
  | 'never-handshake'
  | 'reset-on-hello'
  | 'no-tls'
  | 'close-after-two'
  | 'close-with-questions-open'
  | 'reversed'
  | 'octets'
  | 'two-in-one'
  | 'wrong-id'
  | 'truncated'
  | 'servfail'
  | 'formerr'
  | 'refused'
  | 'silent'

export interface TlsServerReport {
  readonly connections: number
  readonly handshakes: number
  readonly resumed: number
  readonly questions: readonly { readonly name: string; readonly length: number; readonly sni: string | undefined }[]
}

const report = { connections: 0, handshakes: 0, resumed: 0, questions: [] as TlsServerReport['questions'][number][] }
let behaviour: TlsBehaviour = 'answer'
const sockets = new Set<net.Socket>()
/** The keys of tickets stay the same when the certificate changes. */
const secure = tls.createServer({ ticketKeys: Buffer.alloc(48, 7) }, (socket) => {
  report.handshakes++
  if (socket.isSessionReused()) report.resumed++
  serve(socket.on('error', () => undefined))
})
secure.on('tlsClientError', () => undefined)

const server = net.createServer((raw) => {
  report.connections++
  sockets.add(raw)
  raw.on('error', () => undefined).on('close', () => sockets.delete(raw))
  if (behaviour === 'reset-on-hello') raw.once('data', () => raw.resetAndDestroy())
  else if (behaviour === 'no-tls') raw.once('data', () => raw.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  else if (behaviour !== 'never-handshake') secure.emit('connection', raw)
})

function serve(socket: tls.TLSSocket): void {
  const framer = new StreamFramer()
  const waiting: Buffer[] = []
  let count = 0
  socket.on('data', (chunk: Buffer) => {
    for (const query of framer.push(chunk)) {
      const { question } = parseMessage(query)
      const sni = (socket as { servername?: string | false }).servername
      report.questions.push({ name: question?.name ?? '', length: query.length, sni: sni === false ? undefined : sni })
      answer(socket, query, ++count, waiting)
    }
  })
}

function answer(socket: tls.TLSSocket, query: Buffer, count: number, waiting: Buffer[]): void {
  const reply = replyTo(query)
  switch (behaviour) {
    case 'silent':
      return
    case 'close-with-questions-open':
      if (count % 2 === 1) return void socket.write(frame(reply))
      return socket.destroySoon() // what was answered leaves before
    case 'close-after-two':
      socket.write(frame(reply))
      if (count === 2) socket.end()
      return
    case 'reversed':
    case 'two-in-one':
      waiting.push(frame(reply))
      setTimeout(() => waiting.length > 0 && socket.write(Buffer.concat(waiting.splice(0).toReversed())), 30)
      return
    case 'octets':
      for (const octet of frame(reply)) socket.write(Buffer.of(octet))
      return
    case 'wrong-id':
      reply.writeUInt16BE(reply.readUInt16BE(0) ^ 0x5555, 0)
      return void socket.write(frame(reply))
    default:
      socket.write(frame(reply))
  }
}

const RCODES: Partial<Record<TlsBehaviour, number>> = {
  servfail: RCODE.SERVFAIL,
  formerr: RCODE.FORMERR,
  refused: RCODE.REFUSED,
}

function replyTo(query: Buffer): Buffer {
  const { question } = parseMessage(query)
  const rcode = RCODES[behaviour] ?? 0
  const isAddress = question?.type === 1 && rcode === 0
  const flags = behaviour === 'truncated' ? TC : 0
  const { opt } = parseMessage(query)
  const options = [
    { code: OPTION.TCP_KEEPALIVE, data: Buffer.from([0, 200]) },
    { code: OPTION.PADDING, data: Buffer.alloc(300) },
  ]
  const records = isAddress ? [`${question.name} 1 A 192.0.2.77`] : []
  return replyFor(query, { rcode, flags, answer: records, ...(opt !== undefined && { opt: { ...opt, options } }) })
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line) as TlsOrder
  if (order.behaviour !== undefined) behaviour = order.behaviour
  if (order.credentials !== undefined) secure.setSecureContext(order.credentials)
  if (order.hangUp === true) for (const socket of sockets) socket.destroy()
  if (order.listen === undefined) return console.log(JSON.stringify(report))
  server.listen(order.listen.port, order.listen.address, () => console.log(JSON.stringify(report)))
})

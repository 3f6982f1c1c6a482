/** A DNS server of one network, run inside it: answers by `truth.ts`, misbehaves by kind, fails on order from its input. */
import { createSocket } from 'node:dgram'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import {
  compose,
  FormError,
  frame,
  type Message,
  nameOf,
  parseMessage,
  RCODE,
  StreamFramer,
} from '../../src/wire/index.ts'
import { addressRecord, kindOf, NEVER, recordsOf } from './truth.ts'

export type Mode = 'well' | 'silent' | 'servfail' | 'refused'

const QR_RD_RA = 0x8180
const LATE = 40
const TTLS = [1, 5, 30, 300]

const [net = '1', ...addresses] = process.argv.slice(1)
let mode: Mode = 'well'

/** The replies to a query, in order; those before the last are forged or damaged. */
function repliesTo(wire: Buffer): Buffer[] {
  const query = parseMessage(wire)
  const { question } = query
  if (mode === 'silent' || question === undefined) return []
  if (mode !== 'well') return [reply(query, { flags: mode === 'servfail' ? RCODE.SERVFAIL : RCODE.REFUSED })]
  const { name, type } = question
  const kind = kindOf(name)
  const ttl = TTLS[name.length % TTLS.length] as number
  const records = recordsOf(name, type, Number(net), ttl)
  const right = reply(query, { flags: kind === 'nothing' ? RCODE.NXDOMAIN : 0, answer: records })
  if (kind === 'poisoned') return [reply(query, { flags: 0, answer: [...records, ...poison()], additional: poison() })]
  return kind === 'late' ? [...damaged(right), right] : [right]
}

function reply(
  { id, question, opt }: Message,
  parts: { flags: number; answer?: ReturnType<typeof recordsOf>; additional?: ReturnType<typeof recordsOf> },
): Buffer {
  const ours = opt && { payloadSize: 1232, extendedRcode: 0, version: 0, dnssecOk: false, options: [] }
  return compose({ id, question, opt: ours, ...parts, flags: QR_RD_RA | parts.flags })
}

/** Addresses of names that nobody asked this server for. */
function poison(): ReturnType<typeof recordsOf> {
  return ['a1.corp.soak', 'a1.home.soak', 'a1.pub.soak', 'soak'].map((name) => addressRecord(nameOf(name), NEVER, 3600))
}

/** What others than the server might send: another ID, cut short, nonsense. */
function damaged(right: Buffer): Buffer[] {
  const otherId = Buffer.from(right)
  otherId.writeUInt16BE((right.readUInt16BE(0) + 1) & 0xffff, 0)
  return [otherId, right.subarray(0, 11), Buffer.from('nonsense')]
}

function answer(wire: Buffer, limit: number, send: (reply: Buffer) => void): void {
  try {
    const replies = repliesTo(wire)
    for (const each of replies.slice(0, -1)) send(each)
    const last = replies.at(-1)
    if (last !== undefined) setTimeout(() => send(fitted(last, limit)), replies.length > 1 ? LATE : 0)
  } catch (error) {
    if (!(error instanceof FormError)) throw error
  }
}

/** Truncated where the receiver takes no more. */
function fitted(wire: Buffer, limit: number): Buffer {
  if (wire.length <= limit) return wire
  const { id, question, flags, opt } = parseMessage(wire)
  return compose({ id, question, flags: flags | 0x0200, opt })
}

function serve(socket: Socket): void {
  const framer = new StreamFramer()
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes) => {
    for (const message of framer.push(Buffer.from(bytes))) answer(message, 0xffff, (each) => socket.write(frame(each)))
  })
}

for (const address of addresses) {
  const udp = createSocket('udp4')
  udp.on('message', (wire, { address: from, port }) => answer(wire, 1232, (each) => udp.send(each, port, from)))
  udp.bind(53, address)
  createServer(serve).listen(53, address)
}
createInterface({ input: process.stdin }).on('line', (line) => {
  mode = line as Mode
})
console.log('serving')

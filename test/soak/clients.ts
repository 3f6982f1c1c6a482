/**
 * Clients of the daemon, run inside the machine: polite ones whose answers are judged by `truth.ts`, and hostile ones.
 * The input says, line by line, what is going on (`Situation`); each second a line of output tells what came (`Tally`).
 */
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import {
  composeQuestion,
  frame,
  type Name,
  nameOf,
  parseMessage,
  RCODE,
  rcodeText,
  StreamFramer,
  TYPE,
} from '../../src/wire/index.ts'
import {
  addressesOf,
  type Claimant,
  CLAIMS,
  claimantOf,
  DEFAULT_NET,
  kindOf,
  LETTERS,
  targetOf,
  ZONES,
} from './truth.ts'

/** Whether links are up; `undefined` while that is changing. `hostile`: whether the hostile clients are at work. */
export interface Situation {
  readonly up: Readonly<Record<Claimant, boolean | undefined>>
  readonly hostile: boolean
}

/** Since the start. */
export interface Tally {
  readonly good: number
  /** Errors and silence: no answer, but no wrong one. */
  readonly failed: number
  /** Those by what came instead. */
  readonly failures: Readonly<Record<string, number>>
  readonly wrong: readonly string[]
  /** Of the last second, in milliseconds. */
  readonly slowest: number
}

interface Asked {
  readonly name: Name
  readonly sentAt: number
  /** Networks that may answer. */
  nets: Set<number>
}

const STUB = '127.0.0.53'
const PATIENCE = 12_000
const RD = 0x0100
const SOCKET = '/run/systemd/resolve/io.systemd.Resolve'
const [rate = '200'] = process.argv.slice(1)

let situation: Situation = { up: { vpn: true, wifi: true }, hostile: false }
let good = 0
let failed = 0
const failures: Record<string, number> = {}
let slowest = 0
const wrong: string[] = []
const asked = new Map<number, Asked>()

function netsOf(name: Name): number[] {
  const link = claimantOf(name)
  if (link === undefined) return [DEFAULT_NET]
  const { net } = CLAIMS[link]
  const isUp = situation.up[link]
  return isUp === undefined ? [net, DEFAULT_NET] : [isUp ? net : DEFAULT_NET]
}

function pick<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)] as T
}

function someName(): Name {
  const common = Math.random() < 0.7
  return nameOf(`${pick(LETTERS)}${Math.floor(Math.random() * (common ? 40 : 1e6))}.${pick(ZONES)}`)
}

/** No answer. */
class Failure {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

function fail({ reason }: Failure): void {
  failed++
  failures[reason] = (failures[reason] ?? 0) + 1
}

/** What is wrong with a reply; undefined when it is right. */
function judge({ name, nets }: Asked, wire: Buffer): string | Failure | undefined {
  const { rcode, answer, flags } = parseMessage(wire)
  if ((flags & 0x0200) !== 0) return undefined // it would be asked again over TCP
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) return new Failure(rcodeText(rcode))
  const kind = kindOf(name)
  const addresses = answer.filter(({ type }) => type === TYPE.A).map(({ rdata }) => rdata.join('.'))
  const told = `${name}: rcode ${rcode}, ${addresses.slice(0, 3).join(' ')}; allowed networks ${[...nets].join(' ')}`
  if (kind === 'nothing') return rcode === RCODE.NXDOMAIN && addresses.length === 0 ? undefined : told
  if (rcode !== RCODE.NOERROR) return told
  const expected = [...nets].map((net) => (kind === 'empty' ? [] : addressesOf(targetOf(name), net)))
  const isRight = expected.some((each) => each.toSorted().join() === addresses.toSorted().join())
  return isRight ? undefined : told
}

function settle(id: number, wire: Buffer | undefined): void {
  const question = asked.get(id)
  if (question === undefined) return
  asked.delete(id)
  slowest = Math.max(slowest, Date.now() - question.sentAt)
  for (const net of netsOf(question.name)) question.nets.add(net)
  const problem = wire === undefined ? new Failure('silence') : judge(question, wire)
  if (problem === undefined) good++
  else if (problem instanceof Failure) fail(problem)
  else if (wrong.length < 20) wrong.push(problem)
}

let lastId = 0
function newQuestion(name: Name): { id: number; wire: Buffer } {
  const id = (lastId = (lastId + 1) & 0xffff)
  asked.set(id, { name, sentAt: Date.now(), nets: new Set(netsOf(name)) })
  setTimeout(() => settle(id, undefined), PATIENCE).unref()
  return { id, wire: composeQuestion(id, RD, { name, type: TYPE.A, class: 1 }, Math.random() < 0.5 ? 1232 : undefined) }
}

const udp = createSocket('udp4')
udp.on('message', (wire) => settle(wire.readUInt16BE(0), wire))
udp.on('error', () => undefined)

function askOverUdp(): void {
  udp.send(newQuestion(someName()).wire, 53, STUB)
}

function askOverTcp(): void {
  const socket = connect(53, STUB)
  const framer = new StreamFramer()
  const questions = Array.from({ length: 3 }, () => newQuestion(someName()))
  socket.on('data', (bytes) => {
    for (const message of framer.push(Buffer.from(bytes))) settle(message.readUInt16BE(0), message)
    if (questions.every(({ id }) => !asked.has(id))) socket.end()
  })
  socket.on('error', () => socket.destroy())
  socket.setTimeout(PATIENCE, () => socket.destroy())
  for (const { wire } of questions) socket.write(frame(wire))
}

/** Varlink: the reply is judged by its addresses alone. */
function askOverVarlink(): void {
  const name = nameOf(`a${Math.floor(Math.random() * 40)}.${pick(ZONES)}`)
  const question: Asked = { name, sentAt: Date.now(), nets: new Set(netsOf(name)) }
  const call = { method: 'io.systemd.Resolve.ResolveHostname', parameters: { name, family: 2, flags: 0 } }
  const socket = connect(SOCKET, () => socket.write(`${JSON.stringify(call)}\0`))
  let text = ''
  const done = () => {
    if (socket.destroyed) return
    socket.destroy()
    for (const net of netsOf(name)) question.nets.add(net)
    const reply = text.endsWith('\0') ? (JSON.parse(text.slice(0, -1)) as VarlinkReply) : undefined
    const addresses = reply?.parameters.addresses?.map(({ address }) => address.join('.'))
    if (addresses === undefined) fail(new Failure('varlink'))
    else if ([...question.nets].some((net) => addressesOf(name, net).join() === addresses.join())) good++
    else wrong.push(`${name} over varlink: ${addresses.join(' ')}; allowed networks ${[...question.nets].join(' ')}`)
  }
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString()
    if (text.endsWith('\0')) done()
  })
  socket.on('error', done)
  socket.on('close', done)
  socket.setTimeout(PATIENCE, done)
}

interface VarlinkReply {
  readonly parameters: { readonly addresses?: readonly { readonly address: readonly number[] }[] }
}

const noise = createSocket('udp4')
noise.on('error', () => undefined)
const HOSTILE: readonly (() => void)[] = [
  // new names, as fast as they come
  () => {
    for (let i = 0; i < 5; i++) {
      const name = nameOf(`a${Math.random().toString(36).slice(2)}.flood.example`)
      noise.send(composeQuestion(i, RD, { name, type: TYPE.A, class: 1 }), 53, STUB)
    }
  },
  () => noise.send(Buffer.from(Array.from({ length: 60 }, () => Math.floor(Math.random() * 256))), 53, STUB),
  // a question in many spellings, types and classes
  () =>
    noise.send(
      composeQuestion(1, RD, { name: nameOf('a1.pub.soak'), type: Math.floor(Math.random() * 300), class: 1 }),
      53,
      STUB,
    ),
  // half a frame, and then nothing
  () => hold(connect(53, STUB), Buffer.from([0, 80, 1, 2, 3])),
  () => hold(connect(SOCKET), Buffer.from('{"method":"io.systemd.Resolve.Resolve')),
  () => hold(connect(SOCKET), Buffer.from('[[[[[\0')),
  // somebody who leaves before the answer
  () =>
    void connect(53, STUB, function (this: ReturnType<typeof connect>) {
      this.write(frame(composeQuestion(1, RD, { name: someName(), type: TYPE.A, class: 1 })))
      this.destroy()
    }).on('error', () => undefined),
]

function hold(socket: ReturnType<typeof connect>, bytes: Buffer): void {
  socket.on('error', () => undefined)
  socket.write(bytes)
  setTimeout(() => socket.destroy(), 5000).unref()
}

createInterface({ input: process.stdin }).on('line', (line) => {
  situation = JSON.parse(line) as Situation
  // What is under way may be answered by the old state or by the new one.
  for (const question of asked.values()) for (const net of netsOf(question.name)) question.nets.add(net)
})
const TICK = 10
/** Questions under way at most: on a machine that is busy with other things all goes slower, instead of failing. */
const MAX_ASKED = 48
setInterval(() => {
  if (asked.size >= MAX_ASKED) return
  for (let i = 0; i < (Number(rate) * TICK) / 1000; i++) askOverUdp()
  if (Math.random() < 0.1) askOverTcp()
  if (Math.random() < 0.1) askOverVarlink()
  if (situation.hostile) pick(HOSTILE)()
}, TICK)
setInterval(() => {
  console.log(JSON.stringify({ good, failed, failures, wrong, slowest } satisfies Tally))
  slowest = 0
}, 1000)
console.log('asking')

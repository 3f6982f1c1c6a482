/** A scripted DNS server, run inside an upstream network: does as told on standard input, records every question. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import {
  decode,
  encode,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
  type OptAnswer,
  type Packet,
} from 'dns-packet'
import type { Behaviour, Command, Match, Question, UpstreamSetup } from './upstream-protocol.ts'
import { find, type Zone } from './zone.ts'

const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, YXDOMAIN: 6 }
const maxQuestions = 20_000

let zone: Zone = {}
let negativeTtl = 300
let rules: { match: Match; behaviour: Behaviour; left: number }[] = []
let questions: Question[] = []
let held: (() => void)[] = []

type Reply = (wire: Buffer | undefined) => void

async function obey(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'listen':
      return listen(command.setup)
    case 'zone':
      return (zone = { ...zone, ...command.zone })
    case 'on':
      return rules.push({ ...command, left: command.match.times ?? Infinity })
    case 'plain':
      return (rules = [])
    case 'questions':
      return questions
    case 'forget':
      return (questions = [])
    case 'release':
    default:
      return release()
  }
}

function release(): number {
  const waiting = held
  held = []
  for (const answer of waiting) answer()
  return waiting.length
}

async function listen(setup: UpstreamSetup): Promise<void> {
  zone = setup.zone
  negativeTtl = setup.negativeTtl
  for (const address of setup.addresses) {
    const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4').bind(53, address)
    udp.on('message', (wire, { address: from, port }) => {
      const reply: Reply = (answer) => answer && udp.send(answer, port, from)
      receive(wire, { transport: 'udp', from, port, to: address }, reply)
    })
    const tcp = createServer((socket) => serveStream(socket, address)).listen(53, address)
    await Promise.all([once(udp, 'listening'), once(tcp, 'listening')])
  }
}

function serveStream(socket: Socket, to: string): void {
  let pending = Buffer.alloc(0)
  const [from, port] = [socket.remoteAddress ?? '', socket.remotePort ?? 0]
  const reply: Reply = (answer) => {
    if (answer === undefined) return socket.end()
    const length = Buffer.alloc(2)
    length.writeUInt16BE(answer.length)
    return socket.write(Buffer.concat([length, answer]))
  }
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes) => {
    pending = Buffer.concat([pending, bytes])
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0)
      receive(pending.subarray(2, end), { transport: 'tcp', from, port, to }, reply)
      pending = pending.subarray(end)
    }
  })
}

function receive(wire: Buffer, arrival: Pick<Question, 'transport' | 'from' | 'port' | 'to'>, reply: Reply): void {
  const query = decode(wire)
  const question = describe(query, wire, arrival)
  if (questions.length < maxQuestions) questions.push(question)
  const behaviour = takeRule(question)
  console.error(`${arrival.transport} ${arrival.from} → ${arrival.to}: ${question.name} ${question.type}`, behaviour)
  if (behaviour.drop) return
  if (behaviour.close) return reply(undefined)
  const answer = () => {
    const guesses = arrival.transport === 'udp' ? (behaviour.guesses ?? 0) : 0
    for (let i = 1; i <= guesses; i++) reply(compose({ ...query, id: question.id + i }, question, behaviour))
    reply(compose(query, question, behaviour))
  }
  if (behaviour.hold) held.push(answer)
  else if (behaviour.delay === undefined) answer()
  else setTimeout(answer, behaviour.delay)
}

function describe(
  query: Packet,
  wire: Buffer,
  arrival: Pick<Question, 'transport' | 'from' | 'port' | 'to'>,
): Question {
  const asked = query.questions?.[0]
  const flags = wire.readUInt16BE(2)
  const opt = query.additionals?.find((record): record is OptAnswer => record.type === 'OPT')
  return {
    name: asked?.name ?? '',
    type: (asked?.type ?? '').replace('UNKNOWN_', 'TYPE'),
    class: asked?.class ?? '',
    id: query.id ?? 0,
    rd: (flags & 0x100) !== 0,
    ad: (flags & 0x20) !== 0,
    cd: (flags & 0x10) !== 0,
    edns: opt && { size: opt.udpPayloadSize, do: opt.flag_do },
    at: Date.now(),
    wire: wire.toString('hex'),
    ...arrival,
  }
}

function takeRule(question: Question): Behaviour {
  const name = question.name.toLowerCase()
  const rule = rules.find(
    ({ match, left }) =>
      left > 0 &&
      (match.name === undefined || name === match.name || name.endsWith(`.${match.name}`)) &&
      (match.type ?? question.type) === question.type &&
      (match.transport ?? question.transport) === question.transport &&
      (match.to ?? question.to) === question.to,
  )
  if (rule === undefined) return {}
  rule.left--
  return rule.behaviour
}

function compose(query: Packet, question: Question, behaviour: Behaviour): Buffer {
  if (behaviour.raw !== undefined)
    return Buffer.concat([Buffer.from(question.wire.slice(0, 4), 'hex'), Buffer.from(behaviour.raw, 'hex')])
  const type = question.type
  const found = find({ ...zone, ...behaviour.zone }, question.name, type, negativeTtl)
  const failed = behaviour.rcode !== undefined
  const flags = RECURSION_AVAILABLE | (question.rd ? RECURSION_DESIRED : 0) | rcodes[behaviour.rcode ?? found.rcode]
  const opt: OptAnswer = {
    name: '.',
    type: 'OPT',
    udpPayloadSize: 1232,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  }
  const echoed = query.questions ?? []
  const packet: Packet = {
    type: 'response',
    id: ((query.id ?? 0) + (behaviour.wrongId ? 1 : 0)) & 0xffff,
    flags,
    questions: behaviour.wrongQuestion ? echoed.map((each) => ({ ...each, name: `not.${each.name}` })) : echoed,
    answers: failed ? [] : found.answers,
    authorities: failed && behaviour.rcode !== 'NXDOMAIN' ? [] : found.authorities,
    additionals: question.edns === undefined || behaviour.noEdns ? [] : [opt],
  }
  const whole = encode(packet)
  const limit = question.transport === 'tcp' ? 65_535 : Math.max(512, question.edns?.size ?? 512)
  if (whole.length <= limit && !(behaviour.truncate && question.transport === 'udp')) return whole
  return encode({ ...packet, flags: flags | TRUNCATED_RESPONSE, answers: [], authorities: [] })
}

const commands = createInterface({ input: process.stdin })
commands.on('close', () => process.exit(0))
commands.on('line', (line) => {
  const command = JSON.parse(line) as Command
  void obey(command).then((result) => console.log(JSON.stringify({ id: command.id, result })))
})

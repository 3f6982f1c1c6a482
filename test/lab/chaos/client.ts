/** A client of the stub: asks many different questions at a steady rate and counts every reply. Argument: a `Load`. */
import { createSocket } from 'node:dgram'
import { connect, type Socket } from 'node:net'
import { addressOf, type Fared, type Load } from './faults.ts'

const STUB = '127.0.0.53'
const STREAMS = 8

interface Question {
  readonly prefix: string
  readonly number: number
  readonly type: number
  readonly askedAt: number
  replies: number
  took: number
  outcome: 'good' | 'wrong' | 'failed' | undefined
}

const load = JSON.parse(process.argv[1] ?? '') as Load
const questions: Question[] = []

function wireOf(id: number, { number, prefix, type }: Question): Buffer {
  const labels = [`n${number}`, prefix, 'chaos', 'test']
  const name = Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.alloc(1),
  ])
  const head = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([head, name, Buffer.from([0, type, 0, 1])])
}

function take(reply: Buffer): void {
  const question = questions[reply.readUInt16BE(0)]
  if (question === undefined || question.replies++ > 0) return
  question.took = performance.now() - question.askedAt
  const isError = (reply.readUInt16BE(2) & 15) !== 0
  const isRight = reply.readUInt16BE(6) === 1 && reply.subarray(-4).equals(addressOf(question.number))
  question.outcome = isError ? 'failed' : isRight ? 'good' : 'wrong'
}

function udpSender(): (wire: Buffer) => void {
  const socket = createSocket('udp4')
  socket.on('message', take)
  return (wire) => socket.send(wire, 53, STUB)
}

function tcpSender(): (wire: Buffer) => void {
  const streams = Array.from({ length: STREAMS }, stream)
  let turn = 0
  return (wire) => {
    const framed = Buffer.concat([Buffer.from([wire.length >> 8, wire.length & 255]), wire])
    const at = turn++ % STREAMS
    if (streams[at]?.destroyed === true) streams[at] = stream()
    streams[at]?.write(framed)
  }
}

function stream(): Socket {
  const socket = connect(53, STUB)
  let pending = Buffer.alloc(0)
  socket.on('error', () => socket.destroy())
  socket.on('data', (bytes) => {
    pending = Buffer.concat([pending, bytes])
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0)
      take(pending.subarray(2, end))
      pending = pending.subarray(end)
    }
  })
  return socket
}

function fared(): Fared {
  const known = questions.filter(({ prefix }) => prefix === load.known)
  const addresses = questions.filter(({ type, prefix }) => type === 1 && prefix !== load.known)
  const times = addresses
    .filter(({ outcome }) => outcome === 'good')
    .map(({ took }) => took)
    .toSorted((a, b) => a - b)
  const at = (share: number) => Math.round(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0)
  const count = (outcome: Question['outcome']) => addresses.filter((each) => each.outcome === outcome).length
  return {
    sent: addresses.length,
    good: count('good'),
    wrong: questions.filter(({ outcome }) => outcome === 'wrong').length,
    failed: count('failed'),
    unanswered: questions.filter(({ replies }) => replies === 0).length,
    duplicates: questions.filter(({ replies }) => replies > 1).length,
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    max: at(1),
    slowestKnown: Math.round(Math.max(0, ...known.map(({ took }) => took))),
    late: times.filter((took) => took > 50).length,
  }
}

const send = load.transport === 'udp' ? udpSender() : tcpSender()
function ask(prefix: string, number: number, type: number): void {
  const question: Question = {
    prefix,
    number,
    type,
    askedAt: performance.now(),
    replies: 0,
    took: 0,
    outcome: undefined,
  }
  questions.push(question)
  send(wireOf(questions.length - 1, question))
}

let number = 0
const timer = setInterval(() => {
  if (number >= load.count) {
    clearInterval(timer)
    lastAt = performance.now()
    return
  }
  for (const type of load.types) ask(load.prefix, number, type)
  if (load.known !== undefined) ask(load.known, 0, 1)
  number++
}, 1000 / load.rate)
let lastAt = Infinity
const watch = setInterval(() => {
  const isOver = lastAt < Infinity && questions.every(({ replies }) => replies > 0)
  if (!isOver && performance.now() - lastAt < load.patience) return
  clearInterval(watch)
  // A second reply would come right after the first.
  setTimeout(() => {
    console.log(JSON.stringify(fared()))
    process.exit(0)
  }, 100)
}, 20)

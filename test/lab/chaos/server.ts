import type { IpProtocol } from '../../../src/base/index.ts'
/** DNS servers that go wrong on command; run inside an upstream network. First argument: their addresses. */
import { execFileSync } from 'node:child_process'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { addressOf, type Fault, type Order, type Report } from './faults.ts'

const TC = 0x0200
const [FORMERR, SERVFAIL, NOTIMP, REFUSED] = [1, 2, 4, 5]

/** What the router before the server says (ICMP host unreachable), or does not even say. */
const pathFaults: Partial<Record<Fault, readonly string[]>> = {
  'host-unreachable': ['lookup 77'],
  'tcp-blackhole': ['ipproto tcp blackhole'],
}

interface Asked {
  readonly wire: Buffer
  readonly name: string
  readonly type: number
  readonly end: number
  readonly hasEdns: boolean
}

class ChaosServer {
  fault: Fault = 'none'
  asked = 0
  plain = 0
  messages = 0
  since = Date.now()
  firstAfter: number | undefined
  readonly #address: string
  #udp: UdpSocket | undefined
  #tcp: Server | undefined
  readonly #streams = new Set<Socket>()
  #rules: readonly string[] = []

  constructor(address: string) {
    this.#address = address
    this.#open()
  }

  set(fault: Fault): void {
    this.fault = fault === 'heals-after-3s' ? 'blackhole' : fault
    if (fault === 'heals-after-3s') setTimeout(() => this.set('none'), 3000)
    this.#route(fault)
    if (fault === 'dead') this.#close()
    else this.#open()
  }

  forget(): void {
    this.asked = 0
    this.plain = 0
    this.messages = 0
    this.firstAfter = undefined
    this.since = Date.now()
  }

  /** Faults of the path: packets to this address alone go astray, in a table of rules of their own. */
  #route(fault: Fault): void {
    const { [fault]: rules = [] } = pathFaults
    ip(this.#rules.map((rule) => `rule del pref 10 to ${this.#address} ${rule}`))
    ip(rules.map((rule) => `rule add pref 10 to ${this.#address} ${rule}`))
    this.#rules = rules
  }

  #open(): void {
    if (this.#udp !== undefined) return
    const udp = createSocket('udp4').bind(53, this.#address)
    udp.on('error', () => undefined)
    udp.on('message', (wire, { port, address }) => {
      if (this.#isLost()) return
      const reply = this.#answer(wire, 'udp')
      const send = () => this.#isLost() || (this.#udp === udp && udp.send(reply as Buffer, port, address))
      if (reply === undefined) return
      setTimeout(send, this.#delay())
      if (this.fault === 'duplicates') for (const again of [0, 5]) setTimeout(send, again)
    })
    this.#udp = udp
    this.#tcp = createServer((socket) => this.#serve(socket)).listen(53, this.#address)
  }

  #close(): void {
    this.#udp?.close()
    this.#tcp?.close()
    for (const socket of this.#streams) socket.destroy()
    this.#udp = undefined
    this.#tcp = undefined
  }

  #serve(socket: Socket): void {
    this.#streams.add(socket)
    socket.on('close', () => this.#streams.delete(socket)).on('error', () => socket.destroy())
    let pending = Buffer.alloc(0)
    socket.on('data', (bytes) => {
      if (this.fault === 'tcp-closed') return socket.end()
      if (this.fault === 'tcp-reset') return socket.resetAndDestroy()
      pending = Buffer.concat([pending, bytes])
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0)
        const reply = this.#answer(pending.subarray(2, end), 'tcp')
        pending = pending.subarray(end)
        if (reply === undefined) continue
        const length = Buffer.from([reply.length >> 8, reply.length & 255])
        setTimeout(() => socket.destroyed || socket.write(Buffer.concat([length, reply])), this.#delay())
      }
      return undefined
    })
  }

  #isLost(): boolean {
    const share = this.fault === 'loss10' ? 0.1 : this.fault === 'loss30' ? 0.3 : 0
    return Math.random() < share
  }

  #delay(): number {
    const fixed = /^delay(\d+)$/.exec(this.fault)?.[1]
    return this.fault === 'reordering' ? Math.random() * 80 : Number(fixed ?? 2)
  }

  #answer(wire: Buffer, transport: IpProtocol): Buffer | undefined {
    const asked = read(wire)
    this.messages++
    if (asked.name !== '') this.#note(asked)
    const { fault } = this
    switch (fault) {
      case 'blackhole':
        return undefined
      case 'aaaa-hole':
        return asked.type === 28 ? undefined : answer(asked, 0)
      case 'no-edns':
        return asked.hasEdns ? undefined : answer(asked, 0)
      case 'formerr-on-edns':
        return answer(asked, asked.hasEdns ? FORMERR : 0)
      case 'servfail':
        return answer(asked, SERVFAIL)
      case 'refused':
        return answer(asked, REFUSED)
      case 'notimp':
        return answer(asked, NOTIMP)
      case 'garbage':
        return Buffer.concat([
          wire.subarray(0, 2),
          Buffer.from([0x81, 0x80]),
          wire.subarray(4, asked.end),
          Buffer.alloc(9, 0xc7),
        ])
      case 'tcp-silent':
        return transport === 'udp' ? answer(asked, TC) : undefined
      case 'wrong-id':
        return answer(asked, 0, 1)
      case 'truncates-all':
      case 'tcp-closed':
      case 'tcp-reset':
      case 'tcp-blackhole':
        return answer(asked, transport === 'udp' ? TC : 0)
      default:
        return answer(asked, 0)
    }
  }

  #note(asked: Asked): void {
    this.asked++
    if (!asked.hasEdns) this.plain++
    this.firstAfter ??= Date.now() - this.since
  }
}

function read(wire: Buffer): Asked {
  const labels: string[] = []
  let at = 12
  for (; wire[at] !== 0; at += 1 + (wire[at] as number))
    labels.push(wire.toString('latin1', at + 1, at + 1 + (wire[at] as number)))
  return {
    wire,
    name: labels.join('.').toLowerCase(),
    type: wire.readUInt16BE(at + 1),
    end: at + 5,
    hasEdns: wire.readUInt16BE(10) > 0,
  }
}

/** `flags` holds an rcode or TC; either leaves the records out. */
function answer({ wire, name, type, end }: Asked, flags: number, idOffset = 0): Buffer {
  const head = Buffer.from(wire.subarray(0, end))
  head.writeUInt16BE((wire.readUInt16BE(0) + idOffset) & 0xffff, 0)
  head.writeUInt16BE(0x8180 | flags, 2)
  const number = Number(/^n(\d+)\./.exec(name)?.[1] ?? NaN)
  const hasRecord = flags === 0 && (type === 1 || type === 28) && Number.isFinite(number)
  head.writeUInt16BE(hasRecord ? 1 : 0, 6)
  head.writeUInt32BE(0, 8)
  if (!hasRecord) return head
  const data =
    type === 1 ? addressOf(number) : Buffer.concat([Buffer.from([0xfd]), Buffer.alloc(11), addressOf(number)])
  const record = Buffer.from([0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length])
  return Buffer.concat([head, record, data])
}

function ip(commands: readonly string[]): void {
  if (commands.length > 0) execFileSync('ip', ['-batch', '-'], { input: commands.join('\n') })
}

/** Rules only get a say before the table of own addresses; ICMP only comes from machines that forward. */
writeFileSync('/proc/sys/net/ipv4/ip_forward', '1')
ip(['rule add pref 20 lookup local', 'rule del pref 0', 'route add unreachable default table 77'])
const servers = new Map(process.argv.slice(1).map((address) => [address, new ChaosServer(address)]))
const orders = createInterface({ input: process.stdin })
orders.on('close', () => process.exit(0))
orders.on('line', (line) => {
  const order = JSON.parse(line) as Order
  if (order.do === 'fault') servers.get(order.to)?.set(order.fault)
  else if (order.do === 'forget') for (const server of servers.values()) server.forget()
  const report: Report = Object.fromEntries(
    [...servers].map(([address, { asked, plain, messages, firstAfter }]) => [
      address,
      { asked, plain, messages, firstAfter },
    ]),
  )
  console.log(JSON.stringify(report))
})

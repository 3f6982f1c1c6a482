import { AF_INET, AF_INET6, type Clock, type Family, IpAddress, Logger } from '../../src/base/index.ts'
import {
  HostLabel,
  LlmnrQuerier,
  LlmnrResponder,
  type MulticastDatagram,
  type MulticastSocket,
  type QuerierOptions,
  type QuerierResult,
} from '../../src/multicast/index.ts'
import { CLASS, nameOf, parseType, type Question, rdataText, typeText } from '../../src/wire/index.ts'
import { replyFor, type ReplyParts } from './messages.ts'
import { FakeHost, type FakeWire } from './multicast-network.ts'
import { SeededRandom } from './seeded-random.ts'

const LINK = 2
const EVERYTHING: QuerierOptions = { readsCache: true, fillsCache: true, mayAskNetwork: true }

/** One of ours on a wire: what asks over each IP version, and what answers over both. */
export class LlmnrMachine {
  readonly host: FakeHost
  readonly label: HostLabel
  readonly log: string[] = []
  readonly responder: LlmnrResponder
  readonly #queriers = new Map<Family, LlmnrQuerier>()
  readonly sockets = new Map<Family, MulticastSocket>()
  readonly signal = new AbortController()

  constructor(hostName: string, wire: FakeWire, clock: Clock, addresses: readonly string[], seed = 1) {
    const random = new SeededRandom(seed)
    const log = new Logger('debug', (level, line) => void this.log.push(`${level}: ${line}`))
    this.host = new FakeHost().join(wire, LINK, ...addresses)
    this.label = new HostLabel(hostName, { clock, random, log })
    const parts = { network: this.host, clock, random, log }
    this.responder = new LlmnrResponder({
      ...parts,
      ifindex: LINK,
      linkName: 'eth0',
      sockets: this.sockets,
      label: this.label,
    })
    for (const family of [AF_INET, AF_INET6] as const) {
      if (this.host.link(LINK).addresses.every(({ address }) => address.family !== family)) continue
      const place = { protocol: 'llmnr', family, ifindex: LINK } as const
      const socket = this.host.open(place, (datagram) => this.responder.onDatagram(family, datagram))
      const link = () => this.host.link(LINK)
      this.sockets.set(family, socket)
      this.#queriers.set(family, new LlmnrQuerier({ ...parts, place, socket, link, maxEntries: 100 }))
    }
  }

  querier(family: Family = AF_INET): LlmnrQuerier {
    return this.#queriers.get(family) as LlmnrQuerier
  }

  /** The responder begins; without it this machine is silent. */
  publish(): this {
    this.responder.apply(this.host.link(LINK))
    return this
  }

  ask(
    name: string,
    type = 'A',
    options: Partial<QuerierOptions> = {},
    family: Family = AF_INET,
  ): Promise<QuerierResult> {
    return this.querier(family).lookUp(questionOf(name, type), { ...EVERYTHING, ...options }, this.signal.signal)
  }

  close(): void {
    this.responder.close()
    for (const querier of this.#queriers.values()) querier.close()
    for (const socket of this.sockets.values()) socket.close()
  }
}

/** A neighbour that the test plays: what it hears, and what it replies. */
export class LlmnrNeighbour {
  readonly host: FakeHost
  readonly heard: MulticastDatagram[] = []
  readonly #socket: MulticastSocket
  /** What it replies to each query; nothing at first. */
  replies: (query: Buffer) => ReplyParts | undefined = () => undefined

  constructor(wire: FakeWire, address: string) {
    const { family } = IpAddress.of(address)
    this.host = new FakeHost().join(wire, LINK, address)
    this.#socket = this.host.open({ protocol: 'llmnr', family, ifindex: LINK }, (datagram) =>
      this.#onDatagram(datagram),
    )
  }

  say(bytes: Buffer): void {
    this.#socket.sendToGroup(bytes)
  }

  #onDatagram(datagram: MulticastDatagram): void {
    this.heard.push(datagram)
    const parts = this.host.has(datagram.source) ? undefined : this.replies(datagram.bytes)
    if (parts !== undefined) this.#socket.send(llmnrReply(datagram.bytes, parts), datagram.source, datagram.port)
  }
}

/** `replyFor` sets RD and RA, which are T and a reserved bit here. */
export function llmnrReply(query: Buffer, parts: ReplyParts): Buffer {
  const reply = replyFor(query, parts)
  reply.writeUInt16BE(reply.readUInt16BE(2) & ~0x0180, 2)
  reply.writeUInt16BE(reply.readUInt16BE(2) | (parts.flags ?? 0), 2)
  return reply
}

export function questionOf(name: string, type = 'A'): Question {
  return { name: nameOf(name), type: parseType(type) as number, class: CLASS.IN }
}

/** `found A 10.0.0.2 …`, `nodata` or `not-found`. */
export function told(result: QuerierResult): string {
  if (result.kind !== 'found') return result.kind
  return ['found', ...result.records.map(({ type, rdata }) => `${typeText(type)} ${rdataText(type, rdata)}`)].join(' ')
}

import type { Family } from '../../src/base/index.ts'
import { AF_INET, AF_INET6, IpAddress } from '../../src/base/index.ts'
import type { MulticastDatagram, MulticastSocket } from '../../src/multicast/index.ts'
import type { MulticastMessage, MulticastQuestion, MulticastRecord } from '../../src/multicast/message.ts'
import {
  composeLegacyResponse,
  composeQueries,
  composeResponses,
  packetSizes,
  readMulticast,
} from '../../src/multicast/message.ts'
import { CLASS, nameOf, parseType } from '../../src/wire/index.ts'
import { rr } from './messages.ts'
import { FakeHost, type FakeWire } from './multicast-network.ts'

const SIZES = packetSizes(1500, false)

/** A question as `_http._tcp.local PTR`. */
export function asking(text: string, isUnicast = false): MulticastQuestion {
  const [name, type] = text.split(' ') as [string, string]
  return { name: nameOf(name), type: parseType(type) as number, class: CLASS.IN, isUnicast }
}

/** `h.local 120 A 10.0.0.1`; with cache-flush where it begins with `!`. */
export function record(text: string): MulticastRecord {
  return text.startsWith('!') ? { ...rr(text.slice(1)), flushesCache: true } : rr(text)
}

/** What a neighbour heard, taken apart. */
export interface Heard extends MulticastDatagram {
  readonly message: MulticastMessage
}

/** Somebody on the wire who speaks multicast DNS as the test says. */
export class MdnsNeighbour {
  readonly host: FakeHost
  /** Called with each message that is not its own. */
  onMessage: (heard: Heard) => void = () => undefined
  readonly #socket: MulticastSocket
  readonly #source: IpAddress

  constructor(wire: FakeWire, address: string) {
    this.#source = IpAddress.of(address)
    this.host = new FakeHost().join(wire, 1, address)
    const family: Family = address.includes(':') ? AF_INET6 : AF_INET
    this.#socket = this.host.open({ protocol: 'mdns', ifindex: 1, family }, (datagram) => this.#hear(datagram))
  }

  /** Tells everybody. */
  say(...records: string[]): void {
    for (const packet of composeResponses(records.map(record), [], SIZES)) this.#socket.sendToGroup(packet)
  }

  /** Tells one, by unicast. */
  sayTo({ source, port }: MulticastDatagram, ...records: string[]): void {
    for (const packet of composeResponses(records.map(record), [], SIZES)) this.#socket.send(packet, source, port)
  }

  /** As one does who is asked from another port than 5353. */
  replyToLegacy({ source, port, message }: Heard, ...records: string[]): void {
    const { id, questions } = message
    this.#socket.send(composeLegacyResponse({ id, questions, answer: records.map(record) }, SIZES), source, port)
  }

  ask(questions: string[], knownAnswers: string[] = []): void {
    const packets = composeQueries(
      questions.map((text) => asking(text)),
      knownAnswers.map(record),
      SIZES,
    )
    for (const packet of packets) this.#socket.sendToGroup(packet)
  }

  #hear(datagram: MulticastDatagram): void {
    const message = readMulticast(datagram.bytes, 'mdns')
    if (message === undefined || datagram.source.equals(this.#source)) return
    this.onMessage({ ...datagram, message })
  }
}

import { AF_INET, type Family, IpAddress } from '../../src/base/index.ts'
import { HostLabel } from '../../src/multicast/host-label.ts'
import type { PublishedService, ServiceSource } from '../../src/multicast/dnssd/service-source.ts'
import { MdnsResponder } from '../../src/multicast/mdns/responder.ts'
import {
  composeProbe,
  composeQueries,
  composeResponses,
  type MulticastMessage,
  type MulticastQuestion,
  type MulticastRecord,
  packetSizes,
  readMulticast,
} from '../../src/multicast/message.ts'
import type { MulticastDatagram, MulticastSocket } from '../../src/multicast/network.ts'
import {
  compose,
  nameOf,
  type Question,
  rdataText,
  recordOf,
  TYPE,
  typeText,
  wireOfName,
} from '../../src/wire/index.ts'
import type { FakeClock } from './fake-clock.ts'
import { FakeHost, type FakeWire } from './multicast-network.ts'
import { SeededRandom } from './seeded-random.ts'

const SIZES = packetSizes(1500, false)
const IFINDEX = 2

/** Services that a test puts in force. */
export class ScriptedServices implements ServiceSource {
  services: readonly PublishedService[] = []
  readonly conflicts: string[] = []
  readonly #listeners = new Set<() => void>()

  onConflict(id: string, instance: string, where: string): void {
    this.conflicts.push(`${id}: ${instance} on ${where}`)
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  become(...services: readonly PublishedService[]): void {
    this.services = services
    for (const listener of this.#listeners) listener()
  }
}

/** A responder of ours on a wire. */
export class OwnParty {
  readonly host: FakeHost
  readonly label: HostLabel
  readonly services = new ScriptedServices()
  readonly responder: MdnsResponder
  readonly warnings: string[] = []
  readonly sockets = new Map<Family, MulticastSocket>()
  readonly #ifindex: number

  constructor(
    clock: FakeClock,
    wire: FakeWire,
    { name = 'kitchen', addresses = ['10.0.0.1'], seed = 1, host = new FakeHost(), ifindex = IFINDEX } = {},
  ) {
    const log = { info: () => undefined, warning: (text: unknown) => void this.warnings.push(String(text)) }
    const random = new SeededRandom(seed)
    this.host = host
    this.#ifindex = ifindex
    this.host.join(wire, ifindex, ...addresses)
    this.label = new HostLabel(name, { clock, random, log })
    const { label, services, sockets } = this
    this.responder = new MdnsResponder({ sockets, linkName: 'eth0', label, services, clock, random, log })
    for (const family of new Set(addresses.map((text) => IpAddress.of(text).family))) this.open(family)
  }

  open(family: Family): void {
    const place = { protocol: 'mdns', family, ifindex: this.#ifindex } as const
    const socket = this.host.open(place, (datagram) => this.responder.onDatagram(family, datagram))
    this.sockets.set(family, socket)
  }

  /** The link as it is now. */
  apply(yields = false): void {
    this.responder.apply({ link: this.host.link(this.#ifindex), yields })
  }
}

/** A neighbour that says what the test tells it to, over IPv4. */
export class Neighbour {
  readonly host = new FakeHost()
  /** What reached its port 5353, in the order of time. */
  readonly heard: { readonly message: MulticastMessage; readonly isToGroup: boolean }[] = []
  readonly #wire: FakeWire
  readonly #address: string
  readonly #socket: MulticastSocket

  constructor(wire: FakeWire, address = '10.0.0.9') {
    this.#wire = wire
    this.#address = address
    this.host.join(wire, IFINDEX, address)
    this.#socket = this.host.open({ protocol: 'mdns', family: AF_INET, ifindex: IFINDEX }, (d) => this.#hear(d))
  }

  /** Asks the group. */
  ask(questions: readonly MulticastQuestion[], known: readonly MulticastRecord[] = []): void {
    for (const packet of composeQueries(questions, known, SIZES)) this.#socket.sendToGroup(packet)
  }

  /** Known answers so far; more are to follow, or these are the last. */
  askTruncated(questions: readonly MulticastQuestion[], known: readonly MulticastRecord[], moreFollow: boolean): void {
    const [packet] = composeQueries(questions, known, SIZES) as [Buffer]
    packet.writeUInt16BE(moreFollow ? 0x0200 : 0, 2)
    this.#socket.sendToGroup(packet)
  }

  askAlone(questions: readonly MulticastQuestion[], address: string): void {
    for (const packet of composeQueries(questions, [], SIZES)) this.#socket.send(packet, IpAddress.of(address), 5353)
  }

  probe(name: string, proposed: readonly MulticastRecord[]): void {
    this.#socket.sendToGroup(composeProbe([question(name, TYPE.ANY, true)], proposed, SIZES))
  }

  /** Without QU, as some still do. */
  probeByMulticast(name: string, proposed: readonly MulticastRecord[]): void {
    this.#socket.sendToGroup(composeProbe([question(name, TYPE.ANY)], proposed, SIZES))
  }

  tell(answer: readonly MulticastRecord[], additional: readonly MulticastRecord[] = []): void {
    for (const packet of composeResponses(answer, additional, SIZES)) this.#socket.sendToGroup(packet)
  }

  /** As a resolver that knows nothing of multicast: from a port of its own, which hears the replies. */
  askLegacy(asked: Question, id: number): MulticastMessage[] {
    const replies: MulticastMessage[] = []
    const place = { protocol: 'mdns', family: AF_INET, ifindex: IFINDEX } as const
    const socket = this.host.openQuery(place, ({ bytes }) => {
      const message = readMulticast(Buffer.from(bytes), 'mdns')
      if (message !== undefined) replies.push(message)
    })
    socket.sendToGroup(compose({ id, flags: 0, question: asked }))
    return replies
  }

  /** To the group, under another address or port. */
  sendAs(bytes: Buffer, source: string, fromPort = 5353): void {
    const to = IpAddress.of('224.0.0.251')
    const from = IpAddress.of(source)
    this.#wire.send({ protocol: 'mdns', from, fromPort, to, toPort: 5353, bytes, hopLimit: 255 })
  }

  #hear({ bytes, isToGroup, source }: MulticastDatagram): void {
    const message = readMulticast(Buffer.from(bytes), 'mdns')
    if (message !== undefined && source.text !== this.#address) this.heard.push({ message, isToGroup })
  }
}

export function question(name: string, type: number, isUnicast = false): MulticastQuestion {
  return { name: nameOf(name), type, class: 1, isUnicast }
}

export function a(name: string, address: string, ttl = 120): MulticastRecord {
  const { bytes, family } = IpAddress.of(address)
  return { ...recordOf(nameOf(name), family === AF_INET ? TYPE.A : TYPE.AAAA, bytes, ttl), flushesCache: true }
}

export function ptr(name: string, target: string, ttl = 4500): MulticastRecord {
  return recordOf(nameOf(name), TYPE.PTR, wireOfName(nameOf(target)), ttl)
}

/** A web server on port 80, with one key. */
export function webService(instance = 'Web', id = 'web'): PublishedService {
  const txt = [[Buffer.from('path=/')]]
  return { id, instance, type: '_http._tcp', subtypes: [], port: 80, priority: 0, weight: 0, txt }
}

/** `kitchen.local A 10.0.0.1`, with `!` for cache-flush and the TTL where it is asked for. */
export function texts(records: readonly MulticastRecord[], withTtl = false): string[] {
  return records.map(({ name, type, rdata, ttl, flushesCache }) => {
    const words = [name, ...(withTtl ? [String(ttl)] : []), typeText(type), rdataText(type, rdata)]
    return `${words.join(' ')}${flushesCache === true ? ' !' : ''}`
  })
}

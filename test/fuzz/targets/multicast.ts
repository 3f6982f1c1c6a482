import { AF_INET, AF_INET6, IpAddress } from '../../../src/base/index.ts'
import type { MulticastProtocol, MulticastSocket } from '../../../src/multicast/index.ts'
import { composeProbe, composeQueries, composeResponses, packetSizes } from '../../../src/multicast/message.ts'
import { compose, nameOf, QR, TYPE } from '../../../src/wire/index.ts'
import type { FakeClock } from '../../kit/fake-clock.ts'
import { queryFor, rr } from '../../kit/messages.ts'
import { FakeHost, FakeWire } from '../../kit/multicast-network.ts'
import { type LinkScript, World } from '../../kit/world.ts'
import { must, type Target } from '../target.ts'

const LAN: LinkScript = { ifindex: 2, dns: [], addresses: ['10.2.0.2/24', 'fe80::2/64'] }
/** Nothing of it is the neighbours' business. */
const OFFICE: LinkScript = { ifindex: 3, dns: [], addresses: ['10.3.0.77/24'] }
const SECRET = Buffer.from(IpAddress.of('10.3.0.77').bytes)
const FAMILIES = [AF_INET, AF_INET6] as const
const PROTOCOLS = ['mdns', 'llmnr'] as const
/** A flood of packets for one would be an amplifier; a probed name, its announcements and replies are some dozens. */
const MAX_SENT = 48
const WORLD_LIFE = 64

/** This machine between two networks, and a neighbour who sends what it likes. */
class Neighbourhood {
  readonly world: World
  readonly wire: FakeWire
  readonly #sockets = new Map<string, MulticastSocket>()

  constructor() {
    const wires: FakeWire[] = []
    const multicast = (clock: FakeClock) => {
      wires.push(new FakeWire(clock))
      const [wire, office] = [wires[0] as FakeWire, new FakeWire(clock)]
      const hostile = new FakeHost().join(wire, 1, '10.2.0.9', 'fe80::9')
      for (const protocol of PROTOCOLS) {
        for (const family of FAMILIES) {
          const place = { protocol, family, ifindex: 1 }
          this.#sockets.set(
            `${protocol} ${family} true`,
            hostile.open(place, () => undefined),
          )
          this.#sockets.set(
            `${protocol} ${family} false`,
            hostile.openQuery(place, () => undefined),
          )
        }
      }
      return new FakeHost().join(wire, 2, '10.2.0.2', 'fe80::2').join(office, 3, '10.3.0.77')
    }
    const settings = { multicastDns: 'yes', llmnr: 'yes' } as const
    this.world = new World({ links: [LAN, OFFICE], settings, multicast, logLevel: 'err' })
    this.wire = wires[0] as FakeWire
  }

  /** `how`: IP version, protocol, from the protocol's port or another, to the group or to this machine. */
  send(bytes: Buffer, how: number): void {
    const family = FAMILIES[how & 1] as (typeof FAMILIES)[number]
    const protocol: MulticastProtocol = PROTOCOLS[(how >> 1) & 1] as MulticastProtocol
    const socket = this.#sockets.get(`${protocol} ${family} ${(how & 4) === 0}`)
    if ((how & 8) === 0) socket?.sendToGroup(bytes)
    else
      socket?.send(bytes, IpAddress.of(family === AF_INET ? '10.2.0.2' : 'fe80::2'), protocol === 'mdns' ? 5353 : 5355)
  }
}

let neighbourhood: Neighbourhood | undefined
let runs = 0

/** Packets of a hostile neighbour, by multicast DNS and LLMNR, while this machine asks for names and answers for its own. */
export const target: Target = {
  name: 'multicast',
  maxLength: 9000,
  // Seconds of probing, asking and answering pass after each packet.
  allowance: { time: 40, memory: 16 << 20 },
  seeds,
  async run(input) {
    if (neighbourhood === undefined || ++runs % WORLD_LIFE === 0) {
      neighbourhood?.world.scopes.close()
      neighbourhood = new Neighbourhood()
      await neighbourhood.world.advance(3000) // names are probed for and announced
    }
    const { world, wire } = neighbourhood
    wire.packets.length = 0
    const asked = [world.send(queryFor('nas.local')), world.send(queryFor('nas', { type: 'AAAA' }))]
    await world.advance(150)
    neighbourhood.send(input.subarray(1), input[0] ?? 0)
    await world.advance(3000)
    const replies = await Promise.all(asked)
    must(
      replies.every((reply) => reply !== undefined),
      'each question has its reply within three seconds',
    )
    const sent = wire.messages().filter(({ from }) => from.text === '10.2.0.2' || from.text === 'fe80::2')
    must(sent.length <= MAX_SENT, `no more than ${MAX_SENT} packets go out for one, and not ${sent.length}`)
    must(
      wire.packets.every(
        ({ from, bytes }) => from.text === '10.2.0.9' || from.text === 'fe80::9' || !bytes.includes(SECRET),
      ),
      'nothing is told of the other network',
    )
    must(
      world.scopes.all.every(({ cache }) => cache.size <= 4096),
      'what is remembered is bounded',
    )
    must(world.log.length === 0, world.log.splice(0).join('\n'))
  },
}

function seeds(): Buffer[] {
  const sizes = packetSizes(1500, false)
  const [nas, type] = [nameOf('nas.local'), nameOf('_ipp._tcp.local')]
  const records = [
    'nas.local 120 A 10.2.0.9',
    '_ipp._tcp.local 4500 PTR one._ipp._tcp.local',
    'one._ipp._tcp.local 120 SRV 0 0 631 nas.local',
    'nas.local 120 NSEC nas.local A AAAA',
    'host.local 120 A 10.2.0.66',
    'host.local 0 A 10.2.0.2',
  ].map((text) => ({ ...rr(text), flushesCache: true }))
  const own = nameOf('host.local')
  const question = (name: typeof nas, asked: number) => ({ name, type: asked, class: 1 })
  const answers = composeResponses(records, records.slice(0, 2), sizes)
  const asking = composeQueries([question(own, TYPE.A), question(type, TYPE.PTR)], records.slice(1, 2), sizes)
  const probe = composeProbe([{ ...question(own, TYPE.ANY), isUnicast: true }], records.slice(4, 5), sizes)
  const llmnr = compose({ id: 7, flags: 0, question: question(nameOf('host'), TYPE.ANY) })
  const told = compose({
    id: 7,
    flags: QR,
    question: question(nameOf('nas'), TYPE.AAAA),
    answer: [rr('nas 30 AAAA fe80::9')],
  })
  return [...answers, ...asking, probe]
    .flatMap((bytes) => [0, 1, 4, 8].map((how) => Buffer.concat([Buffer.of(how), bytes])))
    .concat([llmnr, told].flatMap((bytes) => [2, 3, 6, 10].map((how) => Buffer.concat([Buffer.of(how), bytes]))))
}

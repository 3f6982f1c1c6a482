import { expect, test } from 'vitest'
import { AF_INET, AF_INET6, type Family, IpAddress, type Millis } from '../../src/base/index.ts'
import { queryFor } from '../../src/lookup/index.ts'
import type { MulticastSocket } from '../../src/multicast/index.ts'
import { composeResponses, packetSizes, readMulticast } from '../../src/multicast/message.ts'
import { nameOf, RCODE, TYPE, typeText } from '../../src/wire/index.ts'
import type { FakeClock } from '../kit/fake-clock.ts'
import { addressesIn, type ReplyParts, rr } from '../kit/messages.ts'
import { FakeHost, FakeWire } from '../kit/multicast-network.ts'
import { type LinkScript, World, type WorldScript } from '../kit/world.ts'

const SOA = ['test 60 SOA ns.test admin.test 1 2 3 4 60']
const NXDOMAIN: ReplyParts = { rcode: RCODE.NXDOMAIN, authority: SOA }
const LAN: LinkScript = { ifindex: 2, dns: [], addresses: ['10.2.0.2/24', 'fe80::2/64'] }
const ON = { multicastDns: 'yes', llmnr: 'no' } as const

/** A neighbour on the LAN who has these records, and takes so long to say so over each IP version. */
interface Neighbour {
  readonly records: readonly string[]
  readonly after?: Partial<Record<Family, Millis>>
}

function worldWith(neighbour: Neighbour, script: Partial<WorldScript> = {}): { world: World; wire: FakeWire } {
  const wires: FakeWire[] = []
  const multicast = (clock: FakeClock) => {
    const wire = new FakeWire(clock)
    wires.push(wire)
    const other = new FakeHost().join(wire, 1, '10.2.0.9', 'fe80::9')
    for (const family of [AF_INET, AF_INET6] as const) answering(other, family, neighbour, clock)
    return new FakeHost().join(wire, 2, '10.2.0.2', 'fe80::2')
  }
  const world = new World({ links: [LAN], settings: ON, multicast, ...script })
  return { world, wire: wires[0] as FakeWire }
}

function answering(host: FakeHost, family: Family, { records, after = {} }: Neighbour, clock: FakeClock): void {
  const known = records.map((text) => ({ ...rr(text), flushesCache: true }))
  const socket: MulticastSocket = host.open({ protocol: 'mdns', family, ifindex: 1 }, ({ bytes }) => {
    const message = readMulticast(bytes, 'mdns')
    if (message === undefined || message.isResponse) return
    const asked = (name: string, type: number) =>
      message.questions.some((each) => each.name === name && each.type === type)
    const found = known.filter(({ name, type }) => asked(name, type))
    if (found.length === 0) return
    const [packet] = composeResponses(found, [], packetSizes(1500, family === AF_INET6))
    clock.after(after[family] ?? 1, () => packet && socket.sendToGroup(packet))
  })
}

const PRINTER = ['printer.local 120 A 10.2.0.9', 'printer.local 120 AAAA 2001:db8::9']

test('MC-ROUTE-2: a name below .local is asked of the neighbours, and no server', async () => {
  const { world, wire } = worldWith({ records: PRINTER }, { links: [{ ...LAN, dns: ['10.2.0.1'] }] })
  const reply = await world.ask('printer.local')
  expect({ rcode: reply.rcode, addresses: addressesIn(reply) }).toEqual({ rcode: 0, addresses: ['10.2.0.9'] })
  expect(world.exchanges).toEqual([])
  expect(wire.messages().flatMap(({ message }) => message.questions.map(({ type }) => typeText(type)))).toEqual(['A'])
})

test.each<[string, Partial<Record<Family, Millis>>, string[]]>([
  ['both kinds of address are waited for a moment', { [AF_INET6]: 60 }, ['10.2.0.9', '2001:db8::9']],
  ['but not for longer', { [AF_INET6]: 400 }, ['10.2.0.9']],
  ['whichever comes first', { [AF_INET]: 60 }, ['10.2.0.9', '2001:db8::9']],
])('MC-ROUTE-4: %s', async (_what, after, addresses) => {
  const { world } = worldWith({ records: PRINTER, after })
  const query = queryFor({ name: nameOf('printer.local'), spelling: undefined }, [TYPE.A, TYPE.AAAA], 0, 0)
  const { answer } = await world.resolve(query)
  const found = answer.records.map(({ record }) => IpAddress.fromBytes(record.rdata)?.text ?? '')
  expect(new Set(found)).toEqual(new Set(addresses))
})

test('MC-REV-2: a server that does not know an address is not held up by neighbours', async () => {
  const { world } = worldWith({ records: [] }, { links: [{ ...LAN, dns: ['10.2.0.1'] }] })
  world.serve('10.2.0.1', () => ({ after: 5, reply: NXDOMAIN }))
  const reply = await world.ask('77.0.2.10.in-addr.arpa', { type: 'PTR' })
  expect({ rcode: reply.rcode, took: world.clock.now() }).toEqual({ rcode: RCODE.NXDOMAIN, took: 65 })
})

test('MC-REV-2: one that knows it is believed at once', async () => {
  const { world } = worldWith({ records: [] }, { links: [{ ...LAN, dns: ['10.2.0.1'] }] })
  world.serve('10.2.0.1', () => ({ after: 5, reply: { answer: ['77.0.2.10.in-addr.arpa 60 PTR box.test'] } }))
  await world.ask('77.0.2.10.in-addr.arpa', { type: 'PTR' })
  expect(world.clock.now()).toBe(5)
})

test('MC-REV-2: a neighbour is heard where no server knows the address', async () => {
  const records = ['9.0.2.10.in-addr.arpa 120 PTR printer.local']
  const { world } = worldWith({ records }, { links: [{ ...LAN, dns: ['10.2.0.1'] }] })
  world.serve('10.2.0.1', () => ({ after: 5, reply: NXDOMAIN }))
  const reply = await world.ask('9.0.2.10.in-addr.arpa', { type: 'PTR' })
  expect([reply.rcode, reply.answer.length]).toEqual([0, 1])
})

test('an outage of the servers does not read as an address without a name', async () => {
  const { world } = worldWith({ records: [] }, { links: [{ ...LAN, dns: ['10.2.0.1'] }] })
  world.serve('10.2.0.1', () => ({ rcode: RCODE.SERVFAIL }))
  const reply = await world.ask('77.0.2.10.in-addr.arpa', { type: 'PTR' })
  expect(reply.rcode).toBe(RCODE.SERVFAIL)
})

test('MC-ROUTE-3: a domain that a link claims below .local is asked there alone', async () => {
  const links = [{ ...LAN, dns: ['10.2.0.1'], domains: ['~corp.local'] }]
  const { world, wire } = worldWith({ records: ['www.corp.local 60 A 6.6.6.6'] }, { links })
  world.serve('10.2.0.1', () => ({ answer: ['www.corp.local 60 A 10.2.0.80'] }))
  expect(addressesIn(await world.ask('www.corp.local'))).toEqual(['10.2.0.80'])
  expect(wire.packets).toEqual([])
})

test('MC-ROUTE-5: a type that no neighbour is asked for is known not to be there', async () => {
  const { world, wire } = worldWith({ records: PRINTER })
  const reply = await world.ask('printer.local', { type: 'HTTPS' })
  expect([reply.rcode, reply.answer, wire.packets.length]).toEqual([0, [], 0])
})

test('MC-MODE-3: nothing is sent on a link where it is off', async () => {
  const { world, wire } = worldWith({ records: PRINTER }, { settings: {} })
  const reply = await world.ask('printer.local')
  expect([reply.rcode, wire.packets.length, world.scopes.onLink(2)]).toEqual([RCODE.NXDOMAIN, 0, []])
})

test('MC-MODE-5: what a scope knew goes with its link', async () => {
  const { world } = worldWith({ records: PRINTER })
  await world.ask('printer.local')
  const [scope] = world.scopes.onLink(2)
  expect(scope?.cache.size).toBe(1)
  world.change({ links: [{ ...LAN, isUp: false }] })
  expect(world.scopes.onLink(2)).toEqual([])
  expect((await world.ask('printer.local')).rcode).toBe(RCODE.NXDOMAIN)
})

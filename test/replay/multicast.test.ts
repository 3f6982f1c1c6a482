import { expect, test } from 'vitest'
import { AF_INET, AF_INET6, type Family, IpAddress, type Millis } from '../../src/base/index.ts'
import { queryFor } from '../../src/lookup/index.ts'
import type { MulticastSocket } from '../../src/multicast/index.ts'
import { composeQueries, composeResponses, packetSizes, readMulticast } from '../../src/multicast/message.ts'
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

interface Scene {
  readonly world: World
  readonly wire: FakeWire
  /** This machine's network. */
  readonly host: FakeHost
}

function worldWith(neighbour: Neighbour, script: Partial<WorldScript> = {}): Scene {
  const wires: FakeWire[] = []
  const host = new FakeHost()
  const multicast = (clock: FakeClock) => {
    const wire = new FakeWire(clock)
    wires.push(wire)
    const other = new FakeHost().join(wire, 1, '10.2.0.9', 'fe80::9')
    for (const family of [AF_INET, AF_INET6] as const) answering(other, family, neighbour, clock)
    return host.join(wire, 2, '10.2.0.2', 'fe80::2')
  }
  const world = new World({ links: [LAN], settings: ON, multicast, ...script })
  return { world, wire: wires[0] as FakeWire, host }
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

test('a service stood twice in the answer, as its neighbour had told of it over both IP versions', async () => {
  const { world } = worldWith({ records: ['one._ipp._tcp.local 120 SRV 0 0 631 printer.local'] })
  expect((await world.ask('one._ipp._tcp.local', { type: 'SRV' })).answer).toHaveLength(1)
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

test('MC-ROUTE-3: where a link claims local its servers are asked beside the neighbours, and whoever has the name is heard', async () => {
  const links = [{ ...LAN, dns: ['10.2.0.1'], domains: ['local'] }]
  const { world } = worldWith({ records: PRINTER, after: { [AF_INET]: 40 } }, { links })
  world.serve('10.2.0.1', ({ question }) =>
    question.name === 'dc.local' ? { answer: ['dc.local 60 A 10.2.0.80'] } : { after: 5, reply: NXDOMAIN },
  )
  expect(addressesIn(await world.ask('printer.local'))).toEqual(['10.2.0.9'])
  expect(addressesIn(await world.ask('dc.local'))).toEqual(['10.2.0.80'])
})

const PORT = 5353
/** Whether this machine has answered a neighbour who asked for its name. */
async function answers({ world, wire }: Scene): Promise<boolean> {
  const other = new FakeHost().join(wire, 1, '10.2.0.7', 'fe80::7')
  const socket = other.open({ protocol: 'mdns', family: AF_INET, ifindex: 1 }, () => undefined)
  wire.packets.length = 0
  const [question] = composeQueries(
    [{ name: nameOf('host.local'), type: TYPE.A, class: 1 }],
    [],
    packetSizes(1500, false),
  )
  if (question !== undefined) socket.sendToGroup(question)
  await world.advance(1500)
  socket.close()
  return wire.messages().some(({ from, message }) => from.text === '10.2.0.2' && message.isResponse)
}

test('MC-AV-3: answering is left to another program as long as it has the port', async () => {
  const scene = worldWith({ records: [] })
  const { world, wire, host } = scene
  await world.advance(5000)
  expect([await answers(scene), world.scopes.leavesAnsweringToOthers(2)]).toEqual([true, false])
  host.sharedPorts.add(PORT) // Avahi begins, and is heard
  const avahi = new FakeHost().join(wire, 1, '10.2.0.2')
  await world.advance(5000)
  const [hello] = composeResponses(
    [{ ...rr('host.local 120 A 10.2.0.2'), flushesCache: true }],
    [],
    packetSizes(1500, false),
  )
  const socket = avahi.open({ protocol: 'mdns', family: AF_INET, ifindex: 1 }, () => undefined)
  if (hello !== undefined) socket.sendToGroup(hello)
  socket.close()
  await world.advance(1)
  expect([await answers(scene), world.scopes.leavesAnsweringToOthers(2)]).toEqual([false, true])
  host.sharedPorts.clear()
  await world.advance(40_000)
  expect([await answers(scene), world.scopes.leavesAnsweringToOthers(2)]).toEqual([true, false])
  expect(world.log.filter((line) => line.includes('multicast DNS'))).toHaveLength(2)
})

test('MC-AV-3: unless it is told to answer beside others', async () => {
  const scene = worldWith({ records: [] }, { settings: { ...ON, publishBesideOthers: true } })
  scene.host.sharedPorts.add(PORT)
  scene.world.reload()
  await scene.world.advance(5000)
  expect([await answers(scene), scene.world.scopes.leavesAnsweringToOthers(2)]).toEqual([true, false])
})

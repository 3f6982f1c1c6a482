import { describe, expect, test } from 'vitest'
import { AF_INET, AF_INET6 } from '../../src/base/index.ts'
import { queryFor } from '../../src/lookup/index.ts'
import { nameOf, QR, RCODE, TYPE } from '../../src/wire/index.ts'
import type { FakeClock } from '../kit/fake-clock.ts'
import { LlmnrMachine } from '../kit/llmnr-neighbours.ts'
import { addressesIn, type ReplyParts } from '../kit/messages.ts'
import { FakeHost, FakeWire } from '../kit/multicast-network.ts'
import { type LinkScript, World, type WorldScript } from '../kit/world.ts'

const NXDOMAIN: ReplyParts = { rcode: RCODE.NXDOMAIN, authority: ['test 60 SOA ns.test admin.test 1 2 3 4 60'] }
const LAN: LinkScript = { ifindex: 2, dns: [], addresses: ['10.2.0.2/24', 'fe80::2/64'] }
const WITH_SERVER = { links: [{ ...LAN, dns: ['10.2.0.1'], domains: ['corp.test'] }] }

interface Street {
  readonly world: World
  readonly wire: FakeWire
  readonly neighbour: LlmnrMachine
}

/** A resolver, and another of our machines on its link, whose name is `nas` and made sure of. */
async function street(script: Partial<WorldScript> = {}, mode: 'yes' | 'resolve' = 'resolve'): Promise<Street> {
  let wire: FakeWire | undefined
  let neighbour: LlmnrMachine | undefined
  const multicast = (clock: FakeClock) => {
    wire = new FakeWire(clock)
    neighbour = new LlmnrMachine('nas', wire, clock, ['10.2.0.9', 'fe80::9'], 7).publish()
    return new FakeHost().join(wire, 2, '10.2.0.2', 'fe80::2')
  }
  const settings = { multicastDns: 'no', llmnr: mode, ...script.settings } as const
  const world = new World({ links: [LAN], multicast, ...script, settings })
  await world.clock.advance(1000)
  if (wire === undefined || neighbour === undefined) throw new Error('there is no wire')
  wire.packets.length = 0
  return { world, wire, neighbour }
}

describe('names of neighbours', () => {
  test('MC-ROUTE-1: a name of one label is asked for, and answered from what is remembered after that', async () => {
    const { world, wire } = await street()
    expect(addressesIn(await world.ask('nas'))).toEqual(['10.2.0.9'])
    expect(addressesIn(await world.ask('NAS'))).toEqual(['10.2.0.9'])
    expect(wire.packets.filter(({ bytes }) => (bytes.readUInt16BE(2) & QR) === 0)).toHaveLength(1)
  })

  test('MC-ROUTE-4: both kinds of address, each over its IP version', async () => {
    const { world } = await street()
    const query = queryFor({ name: nameOf('nas'), spelling: undefined }, [TYPE.A, TYPE.AAAA], 0, 0)
    const { answer } = await world.resolve(query)
    expect(answer.records.map(({ record }) => record.type).toSorted((a, b) => a - b)).toEqual([TYPE.A, TYPE.AAAA])
  })

  test('MC-ROUTE-1: other names are not', async () => {
    const { world, wire } = await street()
    for (const name of ['nas.corp.test', 'nas.local', 'localhost', '_gateway', 'host']) await world.ask(name)
    expect(wire.packets).toEqual([])
  })

  test('LL-Q-1: a name that nobody has does not exist, after 700 ms at most', async () => {
    const { world } = await street()
    const start = world.clock.now()
    expect((await world.ask('ghost')).rcode).toBe(RCODE.NXDOMAIN)
    expect(world.clock.now() - start).toBeLessThanOrEqual(700)
  })

  test.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'MC-ROUTE-1: a server that does not know it below the search domain does not hide a neighbour, seed %i',
    async (seed) => {
      const { world } = await street({ ...WITH_SERVER, seed })
      world.serve('10.2.0.1', () => ({ after: 5, reply: NXDOMAIN }))
      const query = queryFor({ name: nameOf('nas'), spelling: undefined }, [TYPE.A, TYPE.AAAA], 0, 0)
      const { answer } = await world.resolve(query)
      expect(answer.records.map(({ record }) => record.type)).toContain(TYPE.A)
    },
  )

  test('MC-SEC-2: a server that knows it below the search domain is believed at once', async () => {
    const { world } = await street(WITH_SERVER)
    const start = world.clock.now()
    world.serve('10.2.0.1', () => ({ after: 5, reply: { answer: ['nas.corp.test 60 A 10.2.0.80'] } }))
    const { answer } = await world.resolve(queryFor({ name: nameOf('nas'), spelling: undefined }, [TYPE.A], 0, 0))
    expect(answer.records.map(({ record }) => record.rdata.join('.'))).toEqual(['10.2.0.80'])
    expect(world.clock.now() - start).toBe(5)
  })
})

describe('names of addresses', () => {
  test.each([
    ['IPv4', '9.0.2.10.in-addr.arpa', AF_INET],
    ['IPv6', `9.${'0.'.repeat(28)}8.e.f.ip6.arpa`, AF_INET6],
  ])('LL-Q-5: %s, by TCP', async (_, name) => {
    const { world, wire } = await street()
    const reply = await world.ask(name, { type: 'PTR' })
    expect(reply.answer).toHaveLength(1)
    expect(wire.packets).toEqual([])
    expect(wire.streams.attempts).toHaveLength(1)
  })

  test('MC-REV-2: an address that nobody has: 300 ms without a server, 60 ms after its answer with one', async () => {
    const alone = await street()
    let start = alone.world.clock.now()
    expect((await alone.world.ask('77.0.2.10.in-addr.arpa', { type: 'PTR' })).rcode).toBe(RCODE.NXDOMAIN)
    expect(alone.world.clock.now() - start).toBe(300)
    const { world } = await street(WITH_SERVER)
    world.serve('10.2.0.1', () => ({ after: 5, reply: NXDOMAIN }))
    start = world.clock.now()
    await world.ask('77.0.2.10.in-addr.arpa', { type: 'PTR' })
    expect(world.clock.now() - start).toBe(65)
  })

  test('MC-REV-2: a neighbour that refuses costs nothing', async () => {
    const { world, neighbour } = await street()
    neighbour.responder.close()
    const start = world.clock.now()
    expect((await world.ask('9.0.2.10.in-addr.arpa', { type: 'PTR' })).rcode).toBe(RCODE.NXDOMAIN)
    expect(world.clock.now() - start).toBe(0)
  })
})

describe('this machine', () => {
  test('LL-R-1: is found by its neighbours in mode yes', async () => {
    const { neighbour, world } = await street({ hostName: 'kitchen' }, 'yes')
    const asked = neighbour.ask('kitchen')
    await world.clock.advance(1000)
    expect(await asked).toMatchObject({ kind: 'found', server: '10.2.0.2' })
  })

  test('MC-SEC-5: is not in mode resolve, and says nothing until it asks', async () => {
    const { neighbour, world, wire } = await street({ hostName: 'kitchen' })
    const asked = neighbour.ask('kitchen')
    await world.clock.advance(1000)
    expect(await asked).toEqual({ kind: 'not-found' })
    expect(wire.packets.every(({ from }) => from.text !== '10.2.0.2')).toBe(true)
  })
})

import { expect, test } from 'vitest'
import { addressesIn } from '../kit/messages.ts'
import { type LinkScript, type Server, World, type WorldScript } from '../kit/world.ts'

const LAN: LinkScript = { ifindex: 2, name: 'lan', dns: ['10.2.0.1'] }
const VPN: LinkScript = { ifindex: 3, name: 'vpn', dns: ['10.3.0.1'], domains: ['~corp.test'] }

function addressServer(address: string): Server {
  return ({ question }) => (question.type === 1 ? { answer: [`${question.name} 300 A ${address}`] } : {})
}

function worldOf(script: WorldScript = { links: [LAN, VPN] }): World {
  const world = new World(script)
  world.serve('10.2.0.1', addressServer('192.0.2.2'))
  world.serve('10.3.0.1', addressServer('192.0.2.3'))
  world.serve('10.9.0.1', addressServer('192.0.2.9'))
  return world
}

/** Asked once by the ordinary road and, with that, remembered. */
async function learnt(world: World, ...names: string[]): Promise<void> {
  for (const name of names) await world.ask(name)
}

/** The address, and whether the memo gave it. */
async function look(world: World, name: string): Promise<[string | undefined, boolean]> {
  const before = world.replays
  const address = addressesIn(await world.ask(name))[0]
  return [address, world.replays > before]
}

test('what one link said goes on being replayed when another link goes', async () => {
  const world = worldOf()
  await learnt(world, 'www.test', 'www.corp.test')
  world.removeLink(3)
  expect(await look(world, 'www.test')).toEqual(['192.0.2.2', true])
  expect(await look(world, 'www.corp.test')).toEqual(['192.0.2.2', false])
})

const changes: readonly [string, (world: World) => void, string, string | RegExp][] = [
  [
    'R-CACHE-12: another link claims the name',
    (world) => world.changeLink({ ...VPN, domains: ['~test'] }),
    'www.test',
    '192.0.2.3',
  ],
  [
    'R-ROUTE-1: another scope ties with its own',
    (world) => world.change({ dns: ['10.9.0.1'] }),
    'www.test',
    /192.0.2.[29]/,
  ],
  ['its link gets another server', (world) => world.changeLink({ ...LAN, dns: ['10.9.0.1'] }), 'www.test', '192.0.2.9'],
  ['its link goes', (world) => world.removeLink(3), 'a.corp.test', '192.0.2.2'],
  [
    'R-ROUTE-6: the address belongs to the network of another link',
    (world) => world.changeLink({ ...VPN, addresses: ['203.0.113.2/24'] }),
    '7.113.0.203.in-addr.arpa',
    '192.0.2.3',
  ],
  ['everything is flushed', (world) => world.flush(), 'www.test', '192.0.2.2'],
]
test.each(changes)('not replayed once %s', async (_what, change, name, expected) => {
  const world = worldOf()
  await learnt(world, name)
  expect((await look(world, name))[1]).toBe(true)
  change(world)
  const [address, isReplayed] = await look(world, name)
  expect(isReplayed).toBe(false)
  expect(address).toMatch(expected)
})

test('R-SYNTH-4: that an address has no name is not replayed once the address is our own', async () => {
  const world = worldOf({ links: [LAN] })
  world.serve('10.2.0.1', () => ({ rcode: 3, authority: ['10.in-addr.arpa 900 SOA ns.test. host.test. 1 2 3 4 900'] }))
  const name = '9.0.2.10.in-addr.arpa'
  for (let i = 0; i < 2; i++) expect((await world.ask(name, { type: 'PTR' })).rcode).toBe(3)
  world.changeLink({ ...LAN, addresses: ['10.2.0.9/24'] })
  const { rcode, answer } = await world.ask(name, { type: 'PTR' })
  expect([rcode, answer.length > 0]).toEqual([0, true])
})

test('what is found right after a change is looked at once, and what came back to its route is right again', async () => {
  const world = worldOf()
  await learnt(world, 'www.test')
  world.changeLink({ ...VPN, domains: ['~other.test'] })
  expect(await look(world, 'www.test')).toEqual(['192.0.2.2', true])
  world.changeLink(VPN)
  expect(await look(world, 'www.test')).toEqual(['192.0.2.2', true])
})

test('an answer under way when the routes change is not remembered as if it were of the new ones', async () => {
  const world = worldOf()
  let isHeld = true
  world.serve('10.2.0.1', (exchange) => {
    if (isHeld) world.changeLink({ ...VPN, domains: ['~third.test'] })
    isHeld = false
    return addressServer('192.0.2.2')(exchange)
  })
  await world.ask('www.test')
  expect(await look(world, 'www.test')).toEqual(['192.0.2.2', false])
  expect(await look(world, 'www.test')).toEqual(['192.0.2.2', true])
})

test('a replay counts as a hit of the link whose answer it repeats, also after a flush', async () => {
  const world = worldOf({ links: [LAN] })
  world.serve('10.2.0.1', ({ question }) => ({ answer: [`${question.name} 300 A 192.0.2.2`] }))
  const replays = () => world.scopes.ofLink(LAN.ifindex)?.cache.replays
  for (let i = 0; i < 4; i++) await world.ask('www.test')
  expect([replays(), world.replays]).toEqual([3, 3])
  world.scopes.ofLink(LAN.ifindex)?.cache.flush()
  for (let i = 0; i < 2; i++) await world.ask('www.test')
  expect([replays(), world.replays]).toEqual([4, 4])
})

test('the proxy stub and DO are routed by their own rules: R-STUB-13', async () => {
  const world = worldOf({ links: [LAN] })
  world.serve('10.2.0.1', ({ question }) => ({ answer: [`${question.name} 300 MX 10 mail.test`] }))
  const listener = { kind: 'proxy', transport: 'udp' } as const
  for (const options of [
    { type: 'MX', listener },
    { type: 'MX', dnssecOk: true },
  ]) {
    await world.ask('single', options)
    const before = world.replays
    world.changeLink({ ...LAN, addresses: [`10.${before}.0.2/24`] })
    expect((await world.ask('single', options)).answer).toHaveLength(1)
    expect(world.replays).toBe(before + 1)
  }
})

import { describe, expect, test } from 'vitest'
import { questionLine } from '../kit/messages.ts'
import { World } from '../kit/world.ts'

const ISP = '10.2.0.1'
const VPN = '10.3.0.1'

describe('R-SRV-16: what probes ask', () => {
  test("a name of the VPN was asked at the provider's server again and again, for its health", async () => {
    const world = await withProvenName('wiki.corp.test')
    world.changeLink({ ifindex: 3, dns: [VPN], domains: ['~corp.test'] })
    expect(await probesOf(world)).toEqual(new Set(['. SOA']))
  })

  test.each<[string, (world: World) => void]>([
    ['a flush', (world) => world.flush()],
    ['other domains of the same link', (world) => world.changeLink({ ifindex: 2, dns: [ISP], domains: ['home.test'] })],
    ['a reload', (world) => world.reload()],
  ])('no name outlives %s', async (_, happens) => {
    const world = await withProvenName('wiki.corp.test')
    happens(world)
    expect(await probesOf(world)).toEqual(new Set(['. SOA']))
  })

  test('while the server would be asked for it, its own last name is', async () => {
    const world = await withProvenName('www.test')
    world.changeLink({ ifindex: 3, dns: [VPN], domains: ['~corp.test'] })
    expect(await probesOf(world)).toEqual(new Set(['www.test A']))
  })
})

/** The provider's server has answered a question for this name. */
async function withProvenName(name: string): Promise<World> {
  const world = new World({ links: [{ ifindex: 2, dns: [ISP] }] })
  world.serve(ISP, () => ({ answer: [`${name} 60 A 192.0.2.1`] }))
  await world.ask(name)
  return world
}

/** What the provider's server is asked by probes once it has become silent. */
async function probesOf(world: World): Promise<Set<string>> {
  world.serve(ISP, () => 'silence')
  world.clearExchanges()
  await world.ask('other.test')
  await world.advance(20_000)
  const probes = world.exchanges.filter(({ server, isProbe }) => server === ISP && isProbe)
  return new Set(probes.map(({ question }) => questionLine(question)))
}

test.each(['x.onion', 'x.internal', 'x.home.arpa', 'x.alt', 'x.invalid', '5.1.168.192.in-addr.arpa'])(
  'R-ROUTE-17: %s reaches no server unless a domain of a link claims it',
  async (name) => {
    const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
    world.serve('*', ({ question }) => ({ answer: [`${question.name} 60 TXT "seen"`] }))
    const reply = await world.ask(name, { type: 'TXT', edns: 1232 })
    expect([reply.rcode, world.exchanges.length]).toEqual([3, 0])
    expect(reply.extendedError?.text).toMatch(/./)
    const claimed = name.slice(name.indexOf('.') + 1)
    world.changeLink({ ifindex: 2, domains: [`~${claimed}`] })
    expect((await world.ask(name, { type: 'TXT' })).rcode).toBe(0)
    expect(world.asked('10.2.0.1')).toEqual([`${name} TXT`])
  },
)

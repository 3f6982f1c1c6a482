import { describe, expect, test } from 'vitest'
import { RCODE } from '../../src/wire/index.ts'
import { addressesIn, questionLine } from '../kit/messages.ts'
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

describe('R-ROUTE-17: names that stay at home', () => {
  test.each([
    ['duck.onion', RCODE.NXDOMAIN, 'onion is not sent to DNS servers'],
    ['a.alt', RCODE.NXDOMAIN, 'RFC 9476'],
    ['a.invalid', RCODE.NXDOMAIN, 'RFC 6761'],
    ['wiki.corp.internal', RCODE.NXDOMAIN, '~internal'],
    ['nas.home.arpa', RCODE.NXDOMAIN, 'RFC 8375'],
    ['9.9.9.10.in-addr.arpa', RCODE.NXDOMAIN, '~10.in-addr.arpa'],
    ['x.resolver.arpa', RCODE.NOERROR, ''],
  ])('%s went to the provider', async (name, rcode, text) => {
    const world = new World({ links: [{ ifindex: 2, dns: [ISP] }], dns: ['10.9.0.1'] })
    const reply = await world.ask(name, { edns: 1232 })
    expect(reply.rcode).toBe(rcode)
    expect(reply.extendedError?.text ?? '').toContain(text)
    expect(world.exchanges).toEqual([])
  })

  test('whoever claims one gets it', async () => {
    const world = new World({
      links: [
        { ifindex: 2, dns: [ISP] },
        { ifindex: 3, dns: [VPN], domains: ['~corp.internal'] },
      ],
    })
    world.serve(VPN, () => ({ answer: ['wiki.corp.internal 60 A 192.0.2.3'] }))
    expect(addressesIn(await world.ask('wiki.corp.internal'))).toEqual(['192.0.2.3'])
    expect(world.asked(ISP)).toEqual([])
  })

  test('an outage of the one that claims it does not read as no such name', async () => {
    const world = new World({
      links: [
        { ifindex: 2, dns: [ISP] },
        { ifindex: 3, dns: [VPN], domains: ['~corp.internal'] },
      ],
    })
    expect((await world.ask('wiki.corp.internal')).rcode).toBe(RCODE.SERVFAIL)
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

import { describe, expect, test, vi } from 'vitest'
import type { DnsOverTlsMode } from '../../src/settings/index.ts'
import { FLAG } from '../../src/resolve/index.ts'
import { queryFor as questionFor } from '../../src/lookup/index.ts'
import { nameOf, RCODE, TYPE } from '../../src/wire/index.ts'
import { addressesIn } from '../kit/messages.ts'
import { World } from '../kit/world.ts'

vi.setConfig({ testTimeout: 60_000 })

function worldOf(dnsOverTls: DnsOverTlsMode, settings = {}, dns = ['10.2.0.1#dns.test', '10.2.0.9#dns.test']): World {
  const world = new World({ links: [{ ifindex: 2, dns }], settings: { dnsOverTls, ...settings } })
  world.serve('*', ({ question }) => ({ answer: [`${question.name} 60 A 192.0.2.1`] }))
  return world
}

const channels = (world: World) => [...new Set(world.transport.exchanges.map(({ channel }) => channel))]
const plaintext = (world: World) =>
  world.transport.exchanges.filter(({ channel }) => channel === 'udp' || channel === 'tcp')

test.each<[string, DnsOverTlsMode, string, string[]]>([
  ['nothing where no server is asked encrypted', 'no', '10.2.0.1', []],
  ['TLS', 'opportunistic', '10.2.0.1', ['tls']],
  ['TLS and the certificates of the system', 'yes', '10.2.0.1', ['tls, verified']],
  ['HTTPS', 'no', '10.2.0.1#https://dns.test/dns-query', ['https, verified']],
])('before any question is asked, what it will need is loaded: %s', (_, mode, server, prepared) => {
  expect(worldOf(mode, {}, [server]).transport.prepared).toEqual(prepared)
})

describe('strict', () => {
  test('E-LIFE-1: nothing is sent in plaintext: answers, errors, silence, prefetching, probes, hedging, after resume', async () => {
    const world = worldOf('yes', { prefetch: true, staleRetention: 3600, hedgePercent: 100 })
    await world.ask('a.test')
    for (let i = 0; i < 10; i++) {
      await world.ask('a.test') // in demand: refreshed ahead of its time
      await world.advance(5500)
    }
    world.serve('10.2.0.1', () => ({ rcode: RCODE.SERVFAIL }))
    for (let i = 0; i < 5; i++) await world.ask(`b${i}.test`)
    world.serve('10.2.0.1', () => ({ rcode: RCODE.FORMERR }))
    for (let i = 0; i < 5; i++) await world.ask(`c${i}.test`)
    world.serve('10.2.0.1', () => ({ flags: 0x200 }))
    await world.ask('d.test')
    world.serve('*', () => 'silence')
    await world.run(world.ask('e.test'))
    await world.advance(30_000)
    await world.clock.suspend(8 * 3_600_000)
    world.scopes.wake()
    await world.advance(10_000)
    world.serve('*', ({ question }) => ({ answer: [`${question.name} 60 A 192.0.2.2`] }))
    await world.ask('f.test')
    expect(world.transport.exchanges.length).toBeGreaterThan(15)
    expect(plaintext(world)).toEqual([])
    expect(world.transport.exchanges.some(({ isProbe }) => isProbe)).toBe(true)
    expect(new Set(world.transport.exchanges.map(({ port, ifindex }) => `${port} ${ifindex}`))).toEqual(
      new Set(['853 2']),
    )
  })

  test('E-LIFE-1: the client is told why', async () => {
    const world = worldOf('yes')
    world.transport.script = (exchange) => exchange.fail('untrusted')
    const reply = await world.run(world.ask('a.test', { edns: 1232 }))
    expect([reply.rcode, reply.extendedError]).toEqual([RCODE.SERVFAIL, { code: 22, text: 'scripted: untrusted' }])
    expect(plaintext(world)).toEqual([])
    expect(world.log.filter((line) => line.includes('is not asked in plaintext'))).toEqual([
      'link 2 (link2): DNS server 10.2.0.1%link2 cannot be asked over TLS, and is not asked in plaintext: scripted: untrusted',
      'link 2 (link2): DNS server 10.2.0.9%link2 cannot be asked over TLS, and is not asked in plaintext: scripted: untrusted',
    ])
  })

  test('a server whose certificate is bad is left for one whose is not', async () => {
    const world = worldOf('yes')
    const others = world.transport.script
    world.transport.script = (exchange) =>
      exchange.server === '10.2.0.1' ? exchange.fail('untrusted') : others(exchange)
    expect(addressesIn(await world.ask('a.test'))).toEqual(['192.0.2.1'])
    expect(channels(world)).toEqual(['tls'])
  })
})

describe('opportunistic', () => {
  test('E-OPP-1: over TLS where that works, in plaintext where the port is closed', async () => {
    const world = worldOf('opportunistic')
    await world.ask('a.test')
    expect(channels(world)).toEqual(['tls'])
    const others = world.transport.script
    world.transport.script = (exchange) => (exchange.channel === 'tls' ? exchange.fail('refused') : others(exchange))
    const before = world.clock.now()
    expect(addressesIn(await world.ask('b.test'))).toEqual(['192.0.2.1'])
    expect(world.clock.now() - before).toBe(0)
    expect(world.transport.exchanges.at(-1)?.port).toBe(53)
  })

  test('E-DOT-14, E-OPP-4: only what TLS alone has carried is confidential, from the cache too', async () => {
    const world = worldOf('opportunistic')
    const isConfidential = async (name: string) => {
      const { answer } = await world.resolve(questionFor({ name: nameOf(name), spelling: undefined }, [TYPE.A], 0, 0))
      return [answer.source, (answer.flags & FLAG.CONFIDENTIAL) !== 0]
    }
    expect(await isConfidential('a.test')).toEqual(['network', true])
    expect(await isConfidential('a.test')).toEqual(['cache', true])
    const others = world.transport.script
    world.transport.script = (exchange) => (exchange.channel === 'tls' ? undefined : others(exchange)) // too late
    expect(await isConfidential('b.test')).toEqual(['network', false])
    expect(await isConfidential('b.test')).toEqual(['cache', false])
  })
})

test('E-DOH-11: a server with a URL is asked over HTTPS in every mode, errors or not', async () => {
  for (const mode of ['no', 'opportunistic', 'yes'] as const) {
    const world = worldOf(mode, {}, ['10.2.0.1#https://dns.test/dns-query'])
    await world.ask('a.test')
    world.transport.script = (exchange) => exchange.fail('http')
    await world.run(world.ask('b.test'))
    expect(channels(world)).toEqual(['https'])
    expect(new Set(world.transport.exchanges.map(({ port }) => port))).toEqual(new Set([443]))
  }
})

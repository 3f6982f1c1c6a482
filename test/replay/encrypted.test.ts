import { describe, expect, test, vi } from 'vitest'
import { type DnsOverTlsMode, parseServerSpec } from '../../src/settings/index.ts'
import { FLAG } from '../../src/resolve/index.ts'
import { queryFor as questionFor } from '../../src/lookup/index.ts'
import { nameOf, parseMessage, RCODE, TYPE } from '../../src/wire/index.ts'
import type { TransportErrorCode } from '../../src/upstream/index.ts'
import { addressesIn, queryFor as questionOf, replyFor, type ReplyParts } from '../kit/messages.ts'
import type { Exchange } from '../kit/scripted-transport.ts'
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

  test('E-TLS-5: one answer to each connection, which then closes: all of eight questions at once are answered', async () => {
    const world = worldOf('yes', {}, ['10.2.0.1'])
    let connection: Exchange[] = []
    const connections: number[] = []
    world.transport.script = (exchange) => {
      if (connection.push(exchange) > 1) return
      world.clock.after(20, () => {
        const [first, ...others] = connection
        connections.push(connection.length)
        connection = []
        first?.reply(replyFor(first.wire, { answer: [`${first.question.name} 60 A 192.0.2.1`] }))
        for (const other of others) other.fail('closed')
      })
    }
    const asked = Array.from({ length: 8 }, (_, i) => world.ask(`a${i}.test`))
    const replies = await world.run(Promise.all(asked))
    expect(replies.map(addressesIn)).toEqual(asked.map(() => ['192.0.2.1']))
    expect(connections).toEqual([8, 7, 6, 5, 4, 3, 2, 1])
    expect(plaintext(world)).toEqual([])
    expect(world.log.filter((line) => line.includes('cannot be asked'))).toEqual([])
  })

  test('E-DOT-1: global servers, fallback servers and delegates follow the global mode', async () => {
    const settings = {
      dnsOverTls: 'yes',
      fallbackServers: [parseServerSpec('10.8.0.1#dns.test', () => undefined)],
    } as const
    const delegates = [{ id: 'corp', dns: ['10.9.0.1#dns.test'], domains: ['~corp.test'] }]
    const world = new World({ links: [{ ifindex: 2 }], delegates, settings })
    world.serve('*', ({ question }) => ({ answer: [`${question.name} 60 A 192.0.2.1`] }))
    await world.ask('a.test')
    await world.ask('a.corp.test')
    world.change({ dns: ['10.7.0.1#dns.test'] })
    await world.ask('b.test')
    expect(world.exchanges.map(({ server, port, isVerified }) => [server, port, isVerified])).toEqual([
      ['10.8.0.1', 853, true],
      ['10.9.0.1', 853, true],
      ['10.7.0.1', 853, true],
    ])
  })

  test.each<DnsOverTlsMode>(['no', 'opportunistic'])(
    'E-OURS-5: a question under way while the mode %s becomes strict is asked over TLS alone from then on, with what comes then',
    async (before) => {
      const world = worldOf(before, { prefetch: true })
      world.serve('*', () => 'silence')
      const asked = world.send(questionOf('a.test', { edns: 1232 }))
      await world.advance(1)
      const [first] = world.exchanges
      world.clearExchanges()
      world.serve('*', ({ question }) => ({ after: 20, reply: { answer: [`${question.name} 60 A 192.0.2.1`] } }))
      world.change({ settings: { dnsOverTls: 'yes' } })
      expect(first?.reply(replyFor(first.wire, { answer: ['a.test 60 A 192.0.2.66'] }))).toBe(false)
      const reply = await world.run(asked)
      expect(reply && addressesIn(parseMessage(reply))).toEqual(['192.0.2.1'])
      expect(world.exchanges.length).toBeGreaterThan(0)
      expect(world.exchanges.filter(({ isVerified }) => !isVerified)).toEqual([])
    },
  )

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

describe('E-DDR: discovery of encrypted servers', () => {
  const ONE = { answer: ['_dns.resolver.arpa 600 SVCB 1 one.test alpn=dot ipv4hint=10.2.0.53'] }
  const isDiscovery = ({ question }: Exchange) => question.type === TYPE.SVCB

  /** Of one server that designates `designates`; over TLS it answers with 192.0.2.77, or fails with `tls`. */
  function discovering(
    designates: ReplyParts | 'silence' = ONE,
    tls?: TransportErrorCode,
    mode: DnsOverTlsMode = 'no',
  ) {
    const world = worldOf(mode, { discoverEncryptedServers: true }, ['10.2.0.1'])
    const state: { designates: ReplyParts | 'silence'; tls: TransportErrorCode | undefined } = { designates, tls }
    world.transport.script = (exchange) => {
      const { question, channel, wire } = exchange
      const isTls = channel === 'tls' || channel === 'https'
      if (isTls && state.tls !== undefined) return exchange.fail(state.tls)
      if (isDiscovery(exchange)) {
        if (state.designates !== 'silence') exchange.reply(replyFor(wire, state.designates))
        return
      }
      exchange.reply(replyFor(wire, { answer: [`${question.name} 60 A ${isTls ? '192.0.2.77' : '192.0.2.1'}`] }))
    }
    return { world, state }
  }
  const how = async (world: World, name: string) => addressesIn(await world.run(world.ask(name)))[0]
  const [PLAIN, ENCRYPTED] = ['192.0.2.1', '192.0.2.77']

  test('off by default: nothing is asked', async () => {
    const world = worldOf('no')
    await world.ask('a.test')
    await world.advance(10_000)
    expect(world.exchanges.filter(isDiscovery)).toEqual([])
  })

  test('what goes to this machine nobody can read: a server here is not asked what it designates', async () => {
    const { world } = discovering()
    world.change({ dns: ['127.0.0.1', '10.2.0.2'], links: [{ ifindex: 2, addresses: ['10.2.0.2/24'] }] })
    expect(await how(world, 'a.test')).toBe(PLAIN)
    await world.advance(10_000)
    expect(world.exchanges.filter(isDiscovery)).toEqual([])
  })

  test('the first question goes in plaintext, then the server is asked, its resolver verified, and used from then on', async () => {
    const { world } = discovering()
    expect(await how(world, 'a.test')).toBe(PLAIN)
    await world.advance(100)
    expect(await how(world, 'b.test')).toBe(ENCRYPTED)
    const [asked] = world.exchanges.filter(isDiscovery)
    expect([asked?.server, asked?.channel, asked?.ifindex, asked?.isProbe]).toEqual(['10.2.0.1', 'udp', 2, true])
    const [used] = world.exchanges.filter(({ channel }) => channel === 'tls')
    expect([used?.server, used?.port, used?.ifindex, used?.serverName, used?.isVerified]).toEqual([
      '10.2.0.53',
      853,
      2,
      '10.2.0.1',
      true,
    ])
    const line =
      'link 2 (link2): DNS server 10.2.0.1%link2 designates 10.2.0.53 for DNS over TLS, which is verified and asked from now on'
    expect(world.log.filter((one) => one.includes('designates'))).toEqual([line])
  })

  test('nobody waits for a channel that is not verified yet', async () => {
    const { world } = discovering()
    const others = world.transport.script
    world.transport.script = (exchange) => (exchange.channel === 'tls' ? undefined : others(exchange))
    await world.ask('a.test')
    for (let i = 0; i < 5; i++) {
      const before = world.clock.now()
      expect(await how(world, `b${i}.test`)).toBe(PLAIN)
      expect(world.clock.now() - before).toBe(0)
      await world.advance(500)
    }
  })

  test('E-DDR-3: a certificate that does not hold the server’s address: not used, told once, shown, and tried again with the records', async () => {
    const { world, state } = discovering(ONE, 'untrusted')
    await world.ask('a.test')
    for (let i = 0; i < 20; i++) {
      await world.advance(5000)
      expect(await how(world, `b${i}.test`)).toBe(PLAIN)
    }
    expect(world.exchanges.filter(({ channel }) => channel === 'tls')).toHaveLength(1)
    const doubt = 'designates a resolver for encrypted DNS that is not used: scripted: untrusted'
    expect(world.log.filter((line) => line.includes('designates'))).toEqual([
      `link 2 (link2): DNS server 10.2.0.1%link2 ${doubt}`,
    ])
    expect(world.scopes.ofLink(2)?.servers(world.clock.now())[0]).toMatchObject({ discovery: doubt, doubts: [doubt] })
    state.tls = undefined
    await world.advance(600_000)
    await world.ask('c.test')
    await world.advance(100)
    expect(await how(world, 'd.test')).toBe(ENCRYPTED)
  })

  test('a verified resolver that fails: the question goes as configured, and to it again when it is back', async () => {
    const { world, state } = discovering()
    await world.ask('a.test')
    await world.advance(100)
    state.tls = 'refused'
    expect(await how(world, 'b.test')).toBe(PLAIN)
    state.tls = undefined
    await world.advance(1000)
    await world.ask('c.test')
    await world.advance(1000)
    expect(await how(world, 'd.test')).toBe(ENCRYPTED)
  })

  test('E-DDR-6: what takes long over a verified channel is not asked in plaintext as well; a channel that is silent is left', async () => {
    const { world } = discovering()
    await world.ask('a.test')
    await world.advance(100)
    const others = world.transport.script
    const isSlow = (exchange: Exchange) => exchange.channel === 'tls'
    world.transport.script = (exchange) => {
      if (isSlow(exchange)) world.clock.after(1500, () => others(exchange))
      else others(exchange)
    }
    expect(await how(world, 'slow.test')).toBe(ENCRYPTED)
    world.transport.script = (exchange) => {
      if (isSlow(exchange)) world.clock.after(exchange.patience, () => exchange.fail('timeout'))
      else others(exchange)
    }
    expect(await how(world, 'b.test')).toBe(PLAIN)
    const before = world.clock.now()
    expect(await how(world, 'c.test')).toBe(PLAIN)
    expect(world.clock.now() - before).toBe(0)
  })

  test('E-DDR-6: one that cannot prove itself any more is left at once', async () => {
    const { world, state } = discovering()
    await world.ask('a.test')
    await world.advance(100)
    expect(await how(world, 'b.test')).toBe(ENCRYPTED)
    state.tls = 'untrusted'
    expect(await how(world, 'c.test')).toBe(PLAIN)
    expect(await how(world, 'd.test')).toBe(PLAIN)
    expect(world.exchanges.filter(({ channel }) => channel === 'tls')).toHaveLength(3) // proof, b, c
  })

  test('asked again before the records expire; one that is withdrawn is left', async () => {
    const { world, state } = discovering()
    await world.ask('a.test')
    await world.advance(100)
    await world.advance(480_000)
    await world.ask('b.test')
    await world.advance(100)
    expect(world.exchanges.filter(isDiscovery)).toHaveLength(2)
    expect(await how(world, 'c.test')).toBe(ENCRYPTED)
    state.designates = {}
    await world.advance(480_000)
    await world.ask('d.test')
    await world.advance(100)
    expect(await how(world, 'e.test')).toBe(PLAIN)
  })

  test.each<[string, ReplyParts | TransportErrorCode, string[]]>([
    ['names it again: nothing in plaintext', ONE, ['tls']],
    ['names nobody: in plaintext as well', {}, ['tls', 'udp']],
    ['gives an error: in plaintext as well', { rcode: RCODE.SERVFAIL }, ['tls', 'udp']],
    ['is closed: in plaintext as well', 'closed', ['tls', 'udp']],
    ['is silent: in plaintext as well', 'timeout', ['tls', 'udp']],
  ])('E-DDR-6: asked again over the verified channel, which %s', async (_, over, expected) => {
    const { world } = discovering()
    await world.ask('a.test')
    await world.advance(100)
    const others = world.transport.script
    world.transport.script = (exchange) => {
      if (!isDiscovery(exchange) || exchange.channel !== 'tls') return others(exchange)
      if (typeof over === 'string') world.clock.after(exchange.patience, () => exchange.fail(over))
      else exchange.reply(replyFor(exchange.wire, over))
    }
    await world.advance(480_000)
    await world.ask('b.test')
    await world.advance(3000)
    const [first, ...again] = world.exchanges.filter(isDiscovery).map(({ channel }) => channel)
    expect([first, again]).toEqual(['udp', expected])
    expect(await how(world, 'c.test')).toBe(ENCRYPTED)
  })

  test('R-SRV-16: on another network, and after sleep, it begins anew', async () => {
    const { world } = discovering()
    await world.ask('a.test')
    await world.advance(100)
    expect(await how(world, 'b.test')).toBe(ENCRYPTED)
    world.scopes.wake()
    expect(await how(world, 'c.test')).toBe(PLAIN)
    await world.advance(100)
    expect(await how(world, 'd.test')).toBe(ENCRYPTED)
    expect(world.exchanges.filter(isDiscovery)).toHaveLength(2)
  })

  test('by HTTPS where that is designated', async () => {
    const answer = ['_dns.resolver.arpa 600 SVCB 1 one.test alpn=h2 ipv4hint=10.2.0.53 dohpath=/q{?dns}']
    const { world } = discovering({ answer })
    await world.ask('a.test')
    await world.advance(100)
    expect(await how(world, 'b.test')).toBe(ENCRYPTED)
    const [used] = world.exchanges.filter(({ channel }) => channel === 'https')
    expect([used?.server, used?.port, used?.serverName, used?.resource]).toEqual([
      '10.2.0.53',
      443,
      '10.2.0.1',
      { authority: '10.2.0.1', path: '/q', method: 'POST' },
    ])
  })

  test('E-DDR-8: with strict encryption nothing is asked; with opportunistic what is found takes the place of port 853', async () => {
    const strictWorld = discovering(ONE, undefined, 'yes').world
    await strictWorld.ask('a.test')
    await strictWorld.advance(1000)
    expect(strictWorld.exchanges.filter(isDiscovery)).toEqual([])
    const { world } = discovering(ONE, undefined, 'opportunistic')
    await world.ask('a.test')
    await world.advance(100)
    await world.ask('b.test')
    const last = world.exchanges.at(-1)
    expect([last?.server, last?.channel, last?.serverName]).toEqual(['10.2.0.53', 'tls', '10.2.0.1'])
  })

  test('nobody asks: nothing is asked, and no timer is left', async () => {
    const { world } = discovering('silence')
    await world.ask('a.test')
    await world.advance(100_000)
    const before = world.exchanges.length
    await world.advance(3_600_000)
    expect(world.exchanges).toHaveLength(before)
    expect(world.timersLeft).toBe(0)
  })

  test('E-DDR-7: clients get no designation, and no server is asked for them', async () => {
    const { world } = discovering()
    const reply = await world.run(world.ask('_dns.resolver.arpa', { type: 'SVCB' }))
    expect([reply.rcode, reply.answer]).toEqual([RCODE.NOERROR, []])
    expect(world.exchanges).toEqual([])
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

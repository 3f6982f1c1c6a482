import { describe, expect, test } from 'vitest'
import { AF_INET, AF_INET6, AF_UNSPEC, IpAddress, sharedAbort } from '../../../src/base/index.ts'
import { type Lookup, ResolverLookups } from '../../../src/lookup/index.ts'
import { FLAG } from '../../../src/resolve/index.ts'
import { parseType, RCODE, TYPE } from '../../../src/wire/index.ts'
import type { ReplyParts } from '../../kit/messages.ts'
import { type Server, World, type WorldScript } from '../../kit/world.ts'

const SOA = ['test 60 SOA ns.test admin.test 1 2 3 4 60']
/** The zone of the only server, by `name TYPE`. */
const ZONE: Readonly<Record<string, ReplyParts>> = {
  'a.test A': { answer: ['a.test 60 A 192.0.2.1'] },
  'a.test AAAA': { answer: ['a.test 60 AAAA 2001:db8::1'] },
  'v4.test A': { answer: ['v4.test 60 A 192.0.2.4'] },
  'alias.test A': { answer: ['alias.test 60 CNAME a.test', 'a.test 60 A 192.0.2.1'] },
  'alias.test AAAA': { answer: ['alias.test 60 CNAME a.test', 'a.test 60 AAAA 2001:db8::1'] },
  'host.search.test A': { answer: ['host.search.test 60 A 192.0.2.7'] },
  'late.second.test A': { answer: ['late.second.test 60 A 192.0.2.8'] },
  'xn--bcher-kva.test A': { answer: ['xn--bcher-kva.test 60 A 192.0.2.9'] },
  'broken.test A': { rcode: RCODE.SERVFAIL },
  '1.2.0.192.in-addr.arpa PTR': {
    answer: ['1.2.0.192.in-addr.arpa 60 PTR a.test', '1.2.0.192.in-addr.arpa 60 PTR b.test'],
  },
  'a.test MX': { answer: ['a.test 60 MX 10 mail.test'] },
  '_sip._tcp.test SRV': {
    answer: ['_sip._tcp.test 60 SRV 10 20 5060 a.test', '_sip._tcp.test 60 SRV 20 0 5061 gone.test'],
  },
  '_sip._tcp.test TXT': { answer: ['_sip._tcp.test 60 TXT one two'] },
  'my\\032printer._ipp._tcp.test SRV': { answer: ['my\\032printer._ipp._tcp.test 60 SRV 0 0 631 v4.test'] },
  '_none._tcp.test SRV': { answer: ['_none._tcp.test 60 SRV 0 0 0 .'] },
  '_lost._tcp.test SRV': {
    answer: ['_lost._tcp.test 60 SRV 0 0 1 gone.test', '_lost._tcp.test 60 SRV 0 0 1 broken.test'],
  },
  'plain.test SRV': { answer: ['plain.test 60 SRV 0 0 9 a.test'] },
  '_odd._tcp.test SRV': { answer: ['_odd._tcp.test 60 CNAME plain.test', 'plain.test 60 SRV 0 0 9 a.test'] },
}

const authority: Server = ({ question }) => {
  const type = Object.entries(TYPE).find(([, number]) => number === question.type)?.[0] ?? ''
  const known = ZONE[`${question.name} ${type}`]
  if (known !== undefined) return known
  const exists = Object.keys(ZONE).some((key) => key.startsWith(`${question.name} `))
  return { rcode: exists ? 0 : RCODE.NXDOMAIN, authority: SOA }
}

function worldOf(script: WorldScript = {}): World {
  const world = new World({
    links: [{ ifindex: 2, dns: ['10.2.0.1'], domains: ['search.test', 'second.test'] }],
    hostName: 'thisbox',
    ...script,
  })
  world.serve('*', authority)
  return world
}

const { signal } = sharedAbort() // each world waits for it
const hostname = async (name: string, changes: object = {}, world = worldOf()) =>
  inWords(
    await world.run(world.lookups.hostname({ name, family: AF_UNSPEC, ifindex: 0, flags: 0, ...changes }, signal)),
    ({ addresses, canonical }) =>
      `${addresses
        .map(({ address, ifindex }) => `${address.text}@${ifindex}`)
        .toSorted()
        .join(' ')} ${canonical}`,
  )

/** A result as `show` puts it, or the kind of failure with what tells it apart. */
function inWords<T>(lookup: Lookup<T>, show: (value: T) => string): string {
  if (lookup.ok) return show(lookup.value)
  const { kind, rcode, parameter } = lookup.failure
  return [kind, kind === 'rcode-failure' ? rcode : undefined, parameter].filter((part) => part !== undefined).join(' ')
}

const addressWords = async (text: string, changes: object = {}) => {
  const world = worldOf()
  const { family, bytes } = IpAddress.of(text)
  const request = { family, address: bytes, ifindex: 0, flags: 0, ...changes }
  return inWords(await world.run(world.lookups.address(request, signal)), ({ names }) =>
    names.map(({ name, ifindex }) => `${name}@${ifindex}`).join(' '),
  )
}

const service = async (name: string, type: string, domain: string, flags = 0, script: WorldScript = {}) => {
  const world = worldOf(script)
  const request = { name, type, domain, family: AF_INET, ifindex: 0, flags }
  return inWords(await world.run(world.lookups.service(request, signal)), ({ services, txt, canonical }) => {
    const hosts = services.map(
      (it) => `${it.port}:${it.hostname}:${it.addresses.map(({ address }) => address.text).join()}`,
    )
    const texts = txt.map((bytes) => Buffer.from(bytes).toString())
    return [...hosts, ...texts, JSON.stringify(canonical)].join(' ')
  })
}
const canonical = (name: string, type: string, domain: string) => JSON.stringify({ name, type, domain })

describe('hostname (dbus.md §3.1)', () => {
  test.each<[string, string, object, string]>([
    ['both families', 'a.test', {}, '192.0.2.1@2 2001:db8::1@2 a.test'],
    ['one family', 'a.test', { family: AF_INET }, '192.0.2.1@2 a.test'],
    ['the other', 'a.test', { family: AF_INET6 }, '2001:db8::1@2 a.test'],
    ['1: no such family', 'a.test', { family: 5 }, 'invalid-argument family'],
    ['1: no such link', 'a.test', { ifindex: -1 }, 'invalid-argument ifindex'],
    ['1: output flags are no input', 'a.test', { flags: FLAG.SYNTHETIC }, 'invalid-argument flags'],
    ['1: flags of other calls', 'a.test', { flags: FLAG.NO_TXT }, 'invalid-argument flags'],
    ['1: flags beyond 31 bits', 'a.test', { flags: 2 ** 40 }, 'invalid-argument flags'],
    ['2: an IPv4 literal', '192.0.2.77', {}, '192.0.2.77@0 192.0.2.77'],
    ['2: an IPv6 literal in another spelling', '2001:DB8:0::1', {}, '2001:db8::1@0 2001:db8::1'],
    ['2: with a zone', 'fe80::1%3', {}, 'fe80::1@3 fe80::1'],
    ['2: with the name of a link', 'fe80::1%link2', {}, 'fe80::1@2 fe80::1'],
    ['2: the zone of no link is nothing to ask servers for', 'fe80::1%nolink', {}, 'invalid-argument name'],
    ['2: an empty zone', 'fe80::1%', {}, 'invalid-argument name'],
    ['2: on the link asked for', 'fe80::1', { ifindex: 4 }, 'fe80::1@4 fe80::1'],
    ['2: of another family', '192.0.2.77', { family: AF_INET6 }, 'no-such-rr'],
    ['2: on another link', 'fe80::1%3', { ifindex: 4 }, 'no-such-rr'],
    ['3: an empty label', 'a..test', {}, 'invalid-argument name'],
    ['3: no name', '', {}, 'invalid-argument name'],
    ['R-SEARCH-1: a single label is searched', 'host', {}, '192.0.2.7@2 host.search.test'],
    ['R-SEARCH-2: domain by domain', 'late', {}, '192.0.2.8@2 late.second.test'],
    ['4: not with a final dot', 'host.', {}, 'no-servers'],
    ['4: nor with NO_SEARCH', 'host', { flags: FLAG.NO_SEARCH }, 'no-servers'],
    ['6: IDNA', 'bücher.test', {}, '192.0.2.9@2 xn--bcher-kva.test'],
    ['7: localhost is on lo', 'localhost', {}, '127.0.0.1@1 ::1@1 localhost'],
    ['7: the hosts file is on no link', 'box', {}, '192.0.2.80@0 box.example'],
    ['7: the canonical name is the end of the chain', 'alias.test', {}, '192.0.2.1@2 2001:db8::1@2 a.test'],
    ['8: no address', 'plain.test', {}, 'no-such-rr'],
    ['NXDOMAIN', 'nope.test', {}, 'rcode-failure 3'],
    ['SERVFAIL', 'broken.test', { family: AF_INET }, 'rcode-failure 2'],
    ['R-ROUTE-2: another link', 'a.test', { ifindex: 9 }, 'no-servers'],
    ['R-ROUTE-2: LLMNR only', 'a.test', { flags: FLAG.LLMNR_IPV4 }, 'no-servers'],
    ['R-CNAME-3: NO_CNAME', 'alias.test', { flags: FLAG.NO_CNAME }, 'cname-loop'],
    ['R-ORDER-1: NO_SYNTHESIZE', 'localhost', { flags: FLAG.NO_SYNTHESIZE }, 'no-servers'],
    ['R-ORDER-1: NO_SYNTHESIZE turns off the hosts file too', 'box', { flags: FLAG.NO_SYNTHESIZE }, 'rcode-failure 3'],
    ['NO_NETWORK', 'a.test', { flags: FLAG.NO_NETWORK }, 'no-source'],
  ])('%s', async (_rule, name, changes, expected) => {
    expect(await hostname(name, changes, worldOf({ hosts: '192.0.2.80 box.example box' }))).toBe(expected)
  })

  test('5: without IPv6 only A is asked', async () => {
    const world = worldOf()
    const lookups = new ResolverLookups(world.resolver, { hasIpv6: () => false, ifindexOf: () => undefined })
    await world.run(lookups.hostname({ name: 'a.test', family: AF_UNSPEC, ifindex: 0, flags: 0 }, signal))
    expect(world.asked('10.2.0.1')).toEqual(['a.test A'])
  })

  test('2: 0xC0201 are the flags of a literal', async () => {
    const lookup = await worldOf().lookups.hostname(
      { name: '192.0.2.1', family: AF_UNSPEC, ifindex: 0, flags: 0 },
      signal,
    )
    expect(lookup).toMatchObject({ ok: true, value: { answer: { flags: 0xc0201 } } })
  })

  test('flags tell where an answer came from', async () => {
    const world = worldOf()
    const flags = async () => {
      const request = { name: 'v4.test', family: AF_INET, ifindex: 0, flags: 0 }
      const lookup = await world.run(world.lookups.hostname(request, signal))
      return lookup.ok ? lookup.value.answer.flags : 0
    }
    expect(await flags()).toBe(FLAG.DNS | FLAG.FROM_NETWORK)
    expect(await flags()).toBe(FLAG.DNS | FLAG.FROM_CACHE)
  })

  test('one family is enough to refuse none: RefuseRecordTypes=AAAA', async () => {
    const settings = { refuseRecordTypes: [TYPE.AAAA] }
    expect(await hostname('a.test', {}, worldOf({ settings }))).toBe('192.0.2.1@2 a.test')
    expect(await hostname('a.test', { family: AF_INET6 }, worldOf({ settings }))).toBe('query-refused')
  })

  test('whoever goes away is told nothing and asks nothing more', async () => {
    const world = worldOf()
    world.serve('*', () => 'silence')
    const client = new AbortController()
    const lookup = world.lookups.hostname({ name: 'a.test', family: AF_INET, ifindex: 0, flags: 0 }, client.signal)
    await world.advance(10)
    client.abort(new Error('gone'))
    await expect(lookup).rejects.toThrow('gone')
  })
})

describe('address (dbus.md §3.2)', () => {
  test.each<[string, string, object, string]>([
    ['names of an address', '192.0.2.1', {}, 'a.test@2 b.test@2'],
    ['none', '192.0.2.2', {}, 'rcode-failure 3'],
    ['loopback', '127.0.0.1', {}, 'localhost@1'],
    ['bytes that do not fit the family', '192.0.2.1', { family: AF_INET6 }, 'bad-address-size'],
    ['five bytes', '192.0.2.1', { address: Buffer.alloc(5) }, 'bad-address-size'],
    ['no family', '192.0.2.1', { family: AF_UNSPEC }, 'invalid-argument family'],
    ['only generic flags', '192.0.2.1', { flags: FLAG.NO_SEARCH }, 'invalid-argument flags'],
  ])('%s', async (_rule, text, changes, expected) => {
    expect(await addressWords(text, changes)).toBe(expected)
  })
})

describe('record (dbus.md §3.3)', () => {
  test.each<[string, string, string, object, string]>([
    ['a record', 'a.test', 'MX', {}, '15@2'],
    ['nothing of that type', 'a.test', 'TXT', {}, 'no-such-rr'],
    ['type 0', 'a.test', 'TYPE0', {}, 'type-invalid'],
    ['OPT', 'a.test', 'OPT', {}, 'type-invalid'],
    ['a zone transfer', 'a.test', 'AXFR', {}, 'zone-transfer'],
    ['an obsolete type', 'a.test', 'MD', {}, 'type-obsolete'],
    ['R-ROUTE-3: class CH', 'a.test', 'MX', { class: 3 }, 'no-servers'],
    ['R-SEARCH-1: never searched', 'host', 'A', {}, 'no-servers'],
    ['no IDNA: the bytes as they are', 'bücher.test', 'A', {}, 'rcode-failure 3'],
    ['a bad name', 'a..test', 'A', {}, 'invalid-argument name'],
  ])('%s', async (_rule, name, type, changes, expected) => {
    const world = worldOf()
    const request = { name, type: parseType(type) as number, class: 1, ifindex: 0, flags: 0, ...changes }
    const lookup = await world.run(world.lookups.record(request, signal))
    expect(
      inWords(lookup, ({ records }) => records.map(({ record, ifindex }) => `${record.type}@${ifindex}`).join(' ')),
    ).toBe(expected)
  })
})

describe('service (dbus.md §3.4)', () => {
  test.each<[string, string, string, string, number, string]>([
    [
      'type and domain',
      '',
      '_sip._tcp',
      'test',
      0,
      `5060:a.test:192.0.2.1 one two ${canonical('', '_sip._tcp', 'test')}`,
    ],
    [
      'domain alone',
      '',
      '',
      '_sip._tcp.test',
      0,
      `5060:a.test:192.0.2.1 one two ${canonical('', '_sip._tcp', 'test')}`,
    ],
    [
      'without texts',
      '',
      '_sip._tcp',
      'test',
      FLAG.NO_TXT,
      `5060:a.test:192.0.2.1 ${canonical('', '_sip._tcp', 'test')}`,
    ],
    [
      'without addresses',
      '',
      '_sip._tcp',
      'test',
      FLAG.NO_TXT | FLAG.NO_ADDRESS,
      `5060:a.test: 5061:gone.test: ${canonical('', '_sip._tcp', 'test')}`,
    ],
    [
      'an instance',
      'my printer',
      '_ipp._tcp',
      'test',
      FLAG.NO_TXT,
      `631:v4.test:192.0.2.4 ${canonical('my printer', '_ipp._tcp', 'test')}`,
    ],
    ['a name without type', 'x', '', 'test', 0, 'invalid-argument type'],
    ['not a type', '', 'sip', 'test', 0, 'invalid-argument domain'],
    ['not a domain', '', '_sip._tcp', 'a..b', 0, 'invalid-argument domain'],
    ['no such service', '', '_none._tcp', 'test', 0, 'no-such-service'],
    ['nothing there', '', '_nope._tcp', 'test', 0, 'rcode-failure 3'],
    ['only texts there', '', '', 'a.test', 0, 'no-such-rr'],
    ['all hosts fail: the last error', '', '_lost._tcp', 'test', 0, 'rcode-failure 2'],
    ['a name without service type', '', '_odd._tcp', 'test', 0, 'inconsistent-service'],
  ])('%s', async (_what, name, type, domain, flags, expected) => {
    expect(await service(name, type, domain, flags)).toBe(expected)
  })

  test('SRV in RefuseRecordTypes= was taken for a service without records', async () => {
    const settings = { refuseRecordTypes: [TYPE.SRV] }
    expect(await service('', '_sip._tcp', 'test', 0, { settings })).toBe('query-refused')
  })
})

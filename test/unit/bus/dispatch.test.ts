import { beforeEach, describe, expect, test } from 'vitest'
import { Variant } from '../../../src/dbus/variant.ts'
import { Desk, LINK, MANAGER, message, PATH, PROPERTIES } from './dispatch-kit.ts'
import { link, server } from './fakes.ts'

let desk: Desk
beforeEach(() => {
  desk = new Desk()
})

const v4 = (...bytes: number[]) => [2, Buffer.from(bytes)]
const many = (count: number) => Array.from({ length: count }, (_, i) => i)

describe('what cannot be called', () => {
  test.each([
    ['an unknown object', '/org/nope', MANAGER, 'GetLink', 'i', "UnknownObject: Unknown object '/org/nope'."],
    [
      'a link that is gone',
      `${PATH}/link/_399`,
      LINK,
      'Revert',
      '',
      `UnknownObject: Unknown object '${PATH}/link/_399'.`,
    ],
    [
      'a link by a path that is not escaped',
      `${PATH}/link/2`,
      LINK,
      'Revert',
      '',
      `UnknownObject: Unknown object '${PATH}/link/2'.`,
    ],
    ['an unknown method', PATH, MANAGER, 'Nope', '', `UnknownMethod: Unknown method Nope or interface ${MANAGER}.`],
    [
      'another object’s interface',
      PATH,
      LINK,
      'Revert',
      '',
      `UnknownMethod: Unknown method Revert or interface ${LINK}.`,
    ],
    [
      'a method of a mere step',
      `${PATH}/link`,
      LINK,
      'Revert',
      '',
      `UnknownMethod: Unknown method Revert or interface ${LINK}.`,
    ],
    [
      'a wrong signature',
      PATH,
      MANAGER,
      'GetLink',
      's',
      `InvalidArgs: Invalid arguments 's' to call ${MANAGER}.GetLink(), expecting 'i'.`,
    ],
    ['properties of a mere step', '/org', PROPERTIES, 'GetAll', 's', "UnknownObject: Unknown object '/org'."],
    [
      'the object manager',
      PATH,
      'org.freedesktop.DBus.ObjectManager',
      'GetManagedObjects',
      '',
      'UnknownMethod: Unknown method GetManagedObjects or interface org.freedesktop.DBus.ObjectManager.',
    ],
  ])('%s', async (_, path, target, member, signature, expected) => {
    expect(await desk.error(desk.call(path, target, member, signature, ['x']))).toBe(expected)
  })

  test('a message that was too large to be read', async () => {
    const huge = { ...message(PATH, MANAGER, 'SetLinkDNS', 'ia(iay)', []), bodySize: Number.POSITIVE_INFINITY }
    expect(await desk.error(desk.receive(huge))).toBe('LimitsExceeded: The message is too large.')
  })

  test('arguments that cannot be decoded', async () => {
    const broken = { ...message(PATH, MANAGER, 'GetLink', 'i', []), body: () => JSON.parse('{') as unknown[] }
    expect(await desk.error(desk.receive(broken))).toBe('InvalidArgs: The arguments cannot be decoded.')
  })

  test('Peer answers everywhere, and a call without interface finds its member', async () => {
    expect(await desk.call('/x', 'org.freedesktop.DBus.Peer', 'Ping', '', [])).toEqual({ signature: '', values: [] })
    expect((await desk.call(PATH, '', 'GetLink', 'i', [10])).values).toEqual([`${PATH}/link/_310`])
  })
})

function get(target: string, name: string, path = PATH) {
  return desk.call(path, PROPERTIES, 'Get', 'ss', [target, name])
}

function text(value: string): Variant {
  return new Variant('s', value)
}

describe('properties', () => {
  test('the manager’s DNS lists global servers, then those of links, with their interface', async () => {
    await desk.manager('SetLinkDNSEx', 'ia(iayqs)', [2, [[...v4(192, 0, 2, 9), 5353, 'dns.example']]])
    expect((await get(MANAGER, 'DNSEx')).values).toEqual([
      new Variant('a(iiayqs)', [
        [0, 2, Buffer.from([192, 0, 2, 1]), 0, ''],
        [1, 2, Buffer.from([127, 0, 0, 1]), 5353, ''],
        [2, 2, Buffer.from([192, 0, 2, 9]), 5353, 'dns.example'],
      ]),
    ])
  })

  test.each(['no', 'opportunistic', 'yes'] as const)('E-DOT-1: DNSOverTLS of manager and link: %s', async (mode) => {
    const { status, table } = desk.control
    desk.control.status = { ...status, settings: { ...status.settings, dnsOverTls: mode } }
    expect((await get(MANAGER, 'DNSOverTLS')).values).toEqual([text(mode)])
    table.set(2, link(2, 'eth0', { dnsOverTls: mode }))
    expect((await get(LINK, 'DNSOverTLS', `${PATH}/link/_32`)).values).toEqual([text(mode)])
  })

  test('no current server is family 0 and no bytes', async () => {
    const path = `${PATH}/link/_32`
    expect((await get(LINK, 'CurrentDNSServerEx', path)).values).toEqual([
      new Variant('(iayqs)', [0, Buffer.alloc(0), 0, '']),
    ])
    desk.control.status = { ...desk.control.status, currentServer: undefined }
    expect((await get(MANAGER, 'CurrentDNSServer')).values).toEqual([new Variant('(iiay)', [0, 0, Buffer.alloc(0)])])
  })

  test('GetAll has them all; the empty interface name means every interface', async () => {
    const all = async (name: string) => {
      const { values } = await desk.call(PATH, PROPERTIES, 'GetAll', 's', [name])
      return Object.keys(values[0] as object).length
    }
    expect([await all(MANAGER), await all(''), await all(PROPERTIES)]).toEqual([19, 19, 0])
    expect(await desk.error(desk.call(PATH, PROPERTIES, 'GetAll', 's', ['constructor']))).toBe(
      "UnknownInterface: Unknown interface 'constructor'.",
    )
  })

  test.each([
    [MANAGER, 'Nope', `UnknownProperty: Unknown interface ${MANAGER} or property Nope.`],
    ['', 'LLMNR', 'UnknownProperty: Unknown interface  or property LLMNR.'],
  ])('Get of %s %s', async (target, name, expected) => {
    expect(await desk.error(get(target, name))).toBe(expected)
  })

  test('Set: read-only, wrong type, unknown level, dishonest target, and one that works', async () => {
    const log = 'org.freedesktop.LogControl1'
    const set = (path: string, ...body: unknown[]) => desk.error(desk.call(path, PROPERTIES, 'Set', 'ssv', body))
    const logPath = '/org/freedesktop/LogControl1'
    expect(await set(PATH, MANAGER, 'LLMNR', text('no'))).toBe("PropertyReadOnly: Property 'LLMNR' is not writable.")
    expect(await set(logPath, log, 'LogLevel', new Variant('i', 3))).toBe(
      "InvalidArgs: Incorrect parameters for property 'LogLevel', expected 's', got 'i'.",
    )
    expect(await set(logPath, log, 'LogLevel', text('loud'))).toBe("InvalidArgs: Invalid log level 'loud'")
    expect(await set(logPath, log, 'LogTarget', text('kmsg'))).toBe('NotSupported: Log lines always go to console.')
    expect(await set(logPath, log, 'LogTarget', text('moon'))).toBe("InvalidArgs: Invalid log target 'moon'")
    expect(await set(logPath, log, 'LogLevel', text('debug'))).toBeUndefined()
    expect(desk.logger.level).toBe('debug')
    desk = new Desk()
    desk.uid = 1000
    expect(await set(logPath, log, 'LogLevel', text('err'))).toBe('AccessDenied: Access denied')
    expect(desk.logger.level).toBe('info')
  })
})

describe('setters', () => {
  test.each([
    ['index 0', 'SetLinkDNS', 'ia(iay)', [0, []], 'InvalidArgs: Invalid interface index'],
    ['an unknown link', 'SetLinkDNS', 'ia(iay)', [99, []], 'NoSuchLink: Link 99 not known'],
    ['lo', 'SetLinkDNS', 'ia(iay)', [1, [[3, Buffer.alloc(0)]]], 'LinkBusy: Link lo is loopback device.'],
    ['R-NETD-6: a managed link', 'RevertLink', 'i', [3], 'LinkBusy: Link eth1 is managed.'],
    ['a bad family', 'SetLinkDNS', 'ia(iay)', [2, [[3, Buffer.alloc(4)]]], 'InvalidArgs: Unknown address family 3'],
    ['a bad size', 'SetLinkDNS', 'ia(iay)', [2, [[2, Buffer.alloc(3)]]], 'InvalidArgs: Invalid address size'],
    [
      'a size of the other family',
      'SetLinkDNS',
      'ia(iay)',
      [2, [[10, Buffer.alloc(4, 1)]]],
      'InvalidArgs: Invalid address size',
    ],
    ['0.0.0.0', 'SetLinkDNS', 'ia(iay)', [2, [v4(0, 0, 0, 0)]], 'InvalidArgs: Invalid DNS server address'],
    [
      'our own stub after a good one',
      'SetLinkDNS',
      'ia(iay)',
      [2, [v4(192, 0, 2, 1), v4(127, 0, 0, 53)]],
      'InvalidArgs: Invalid DNS server address',
    ],
    [
      'our own proxy stub',
      'SetLinkDNS',
      'ia(iay)',
      [2, [v4(127, 0, 0, 54)]],
      'InvalidArgs: Invalid DNS server address',
    ],
    [
      'a server name with a line end',
      'SetLinkDNSEx',
      'ia(iayqs)',
      [2, [[...v4(192, 0, 2, 1), 0, 'a\nb']]],
      'InvalidArgs: Invalid server name: a\nb',
    ],
    [
      '257 servers',
      'SetLinkDNS',
      'ia(iay)',
      [2, many(257).map(() => v4(192, 0, 2, 1))],
      'LimitsExceeded: More than 256 DNS servers.',
    ],
    ['a bad domain', 'SetLinkDomains', 'ia(sb)', [2, [['a..b', false]]], 'InvalidArgs: Invalid search domain a..b'],
    [
      'the root as search domain',
      'SetLinkDomains',
      'ia(sb)',
      [2, [['.', false]]],
      'InvalidArgs: Root domain is not suitable as search domain',
    ],
    [
      '1025 domains',
      'SetLinkDomains',
      'ia(sb)',
      [2, many(1025).map((i) => [`d${i}`, true])],
      'LimitsExceeded: More than 1024 search domains.',
    ],
    ['a bad mode', 'SetLinkLLMNR', 'is', [2, 'bogus'], 'InvalidArgs: Invalid LLMNR setting: bogus'],
    [
      'opportunistic where it is unknown',
      'SetLinkMulticastDNS',
      'is',
      [2, 'opportunistic'],
      'InvalidArgs: Invalid MulticastDNS setting: opportunistic',
    ],
    ['a bad TLS mode', 'SetLinkDNSOverTLS', 'is', [2, 'resolve'], 'InvalidArgs: Invalid DNSOverTLS setting: resolve'],
    ['a bad DNSSEC mode', 'SetLinkDNSSEC', 'is', [2, 'maybe'], 'InvalidArgs: Invalid DNSSEC setting: maybe'],
    [
      'a bad trust anchor',
      'SetLinkDNSSECNegativeTrustAnchors',
      'ias',
      [2, ['a..b']],
      'InvalidArgs: Invalid negative trust anchor domain: a..b',
    ],
    [
      '2049 trust anchors',
      'SetLinkDNSSECNegativeTrustAnchors',
      'ias',
      [2, many(2049).map((i) => `d${i}`)],
      'LimitsExceeded: More than 2048 negative trust anchors.',
    ],
    [
      'publishing',
      'RegisterService',
      'sssqqqaa{say}',
      ['a', 'b', '_http._tcp', 1, 0, 0, []],
      'NotSupported: Support for MulticastDNS is disabled',
    ],
    [
      'an unknown service',
      'UnregisterService',
      'o',
      [`${PATH}/dnssd/foo`],
      "NoSuchDnssdService: DNS-SD service 'foo' not known",
    ],
    [
      'a path of no service',
      'UnregisterService',
      'o',
      ['/'],
      "NoSuchDnssdService: DNS-SD service with object path '/' does not exist",
    ],
    ['an unknown delegate', 'GetDelegate', 's', ['corp'], "NoSuchDelegate: Delegate 'corp' not known"],
    ['GetLink of 0', 'GetLink', 'i', [0], 'InvalidArgs: Invalid interface index'],
  ] as const)('%s', async (_, member, signature, body, expected) => {
    expect(await desk.error(desk.manager(member, signature, body))).toBe(expected)
    expect(desk.control.calls).toEqual([])
  })

  test.each([
    [
      'SetLinkDNS',
      'ia(iay)',
      [v4(192, 0, 2, 1), v4(192, 0, 2, 2), v4(192, 0, 2, 1)],
      { servers: [server('192.0.2.1'), server('192.0.2.2')] },
    ],
    [
      'SetLinkDNSEx',
      'ia(iayqs)',
      [[...v4(192, 0, 2, 1), 853, 'dns.example']],
      { servers: [server('192.0.2.1', 0, 'dns.example')] },
    ],
    [
      'SetLinkDomains',
      'ia(sb)',
      [
        ['.', true],
        ['CORP.Example.', false],
        ['corp.example', true],
      ],
      {
        domains: [
          { name: '.', routeOnly: true },
          { name: 'corp.example', routeOnly: true },
        ],
      },
    ],
    ['SetLinkDefaultRoute', 'ib', false, { defaultRoute: false }],
    ['SetLinkLLMNR', 'is', '', { llmnr: 'yes' }],
    ['SetLinkMulticastDNS', 'is', 'off', { multicastDns: 'no' }],
    ['SetLinkDNSOverTLS', 'is', 'opportunistic', { dnsOverTls: 'opportunistic' }],
    ['SetLinkDNSOverTLS', 'is', '', { dnsOverTls: undefined }],
    ['SetLinkDNSSEC', 'is', 'allow-downgrade', { dnssec: 'allow-downgrade' }],
    ['SetLinkDNSSECNegativeTrustAnchors', 'ias', ['B.a', 'b.a'], { negativeTrustAnchors: ['b.a'] }],
  ] as const)(
    '%s stores what was meant, also through the link’s own object',
    async (member, signature, value, stored) => {
      await desk.manager(member, signature, [2, value])
      expect(desk.control.link(2)?.settings).toMatchObject(stored)
      await desk.call(`${PATH}/link/_310`, LINK, member.replace('SetLink', 'Set'), signature.slice(1), [value])
      expect(desk.control.link(10)?.settings).toEqual(desk.control.link(2)?.settings)
    },
  )
})

describe('who may', () => {
  const mutations = [
    ['SetLinkDNS', 'ia(iay)', [2, []], 'set-dns-servers'],
    ['SetLinkDNSEx', 'ia(iayqs)', [2, []], 'set-dns-servers'],
    ['SetLinkDomains', 'ia(sb)', [2, []], 'set-domains'],
    ['SetLinkDefaultRoute', 'ib', [2, true], 'set-default-route'],
    ['SetLinkLLMNR', 'is', [2, 'no'], 'set-llmnr'],
    ['SetLinkMulticastDNS', 'is', [2, 'no'], 'set-mdns'],
    ['SetLinkDNSOverTLS', 'is', [2, 'no'], 'set-dns-over-tls'],
    ['SetLinkDNSSEC', 'is', [2, 'no'], 'set-dnssec'],
    ['SetLinkDNSSECNegativeTrustAnchors', 'ias', [2, []], 'set-dnssec-negative-trust-anchors'],
    ['RevertLink', 'i', [2], 'revert'],
    ['ResetStatistics', '', [], 'reset-statistics'],
    ['FlushCaches', '', [], 'flush-caches'],
    ['ResetServerFeatures', '', [], 'reset-server-features'],
  ] as const

  test.each(mutations)('%s is refused to an ordinary user', async (member, signature, body, operation) => {
    desk.uid = 1000
    expect(await desk.error(desk.manager(member, signature, body))).toBe('AccessDenied: Access denied')
    const caller = { busName: ':1.9', uid: 1000, pid: 4711, process: 'tester' }
    expect(desk.authority.asked).toEqual([[operation, caller, body[0] === 2 ? 'eth0' : undefined, false]])
    expect(desk.control.calls).toEqual([])
  })

  test('one who could be asked for a password is told so', async () => {
    desk.uid = 1000
    desk.authority.verdict = 'needs-interaction'
    expect(await desk.error(desk.manager('FlushCaches', '', []))).toBe(
      'InteractiveAuthorizationRequired: Interactive authentication required.',
    )
  })

  test('the flag of the message allows a dialog', async () => {
    desk.uid = 1000
    desk.authority.verdict = 'allowed'
    await desk.receive({ ...message(PATH, MANAGER, 'FlushCaches', '', []), flags: 4 })
    expect(desk.authority.asked[0]?.[3]).toBe(true)
    expect(desk.control.calls).toEqual(['flush'])
  })

  test('arguments come before rights, the link before both', async () => {
    desk.uid = 1000
    await desk.error(desk.manager('SetLinkDNS', 'ia(iay)', [1, []]))
    await desk.error(desk.manager('SetLinkDNS', 'ia(iay)', [2, [[7, Buffer.alloc(4)]]]))
    expect(desk.authority.asked).toEqual([])
  })

  test('a caller that leaves before the answer has changed nothing', async () => {
    desk.uid = 1000
    desk.authority.authorize = async () => {
      desk.clients.left(':1.9')
      return 'allowed'
    }
    await expect(desk.manager('SetLinkDNS', 'ia(iay)', [2, []])).rejects.toThrow('left the bus')
    expect(desk.control.calls).toEqual([])
  })

  test('a link that goes before the answer is left alone', async () => {
    desk.authority.authorize = async () => {
      desk.control.table.delete(2)
      return 'allowed'
    }
    expect(await desk.error(desk.manager('RevertLink', 'i', [2]))).toBe('NoSuchLink: Link 2 not known')
  })

  test('64 open questions per client, and no more', async () => {
    desk.uid = 1000
    desk.authority.authorize = () => new Promise(() => undefined)
    const answers = many(65).map(() => desk.error(desk.manager('FlushCaches', '', [])))
    expect(await answers[64]).toBe('LimitsExceeded: Too many calls of this client are waiting.')
  })
})

describe('lookups', () => {
  test.each([
    ['AUTHENTICATED as input', 512n],
    ['REQUIRE_PRIMARY', 0x10000n],
    ['NO_TXT of another call', 0x40n],
    ['bit 31', 1n << 31n],
    ['bit 32', 1n << 32n],
    ['bit 63', 1n << 63n],
  ])('flags: %s', async (_, flags) => {
    expect(await desk.error(desk.manager('ResolveHostname', 'isit', [0, 'x', 0, flags]))).toBe(
      'InvalidArgs: Invalid flags parameter',
    )
    expect(desk.lookups.requests).toEqual([])
  })

  test('a negative interface', async () => {
    expect(await desk.error(desk.manager('ResolveRecord', 'isqqt', [-1, 'x', 1, 1, 0n]))).toBe(
      'InvalidArgs: Invalid interface index',
    )
  })

  test('requests and results keep their fields', async () => {
    const record = await desk.manager('ResolveRecord', 'isqqt', [2, 'x', 255, 28, 0x3000000n])
    expect(desk.lookups.requests[0]).toMatchObject({ ifindex: 2, name: 'x', class: 255, type: 28, flags: 0x3000000 })
    const wire = Buffer.from('01410000010001000000050004c0000207', 'hex')
    expect(record).toEqual({ signature: 'a(iqqay)t', values: [[[2, 1, 1, wire]], 8388609n] })
    const service = await desk.manager('ResolveService', 'isssit', [0, 'n', '_http._tcp', 'd', 10, 0xc0n])
    expect(service.values[0]).toMatchObject([[1, 2, 80, 'h.example', [[2, 10, { length: 16 }]], 'h.example']])
    expect(service.values.slice(2, 5)).toEqual(['n', '_http._tcp', 'd'])
  })
})

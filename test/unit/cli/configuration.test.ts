import { describe, expect, it } from 'vitest'
import { headingOf, serverText, statusLines } from '../../../src/cli/settings/configuration-text.ts'
import {
  delegateConfiguration,
  globalConfiguration,
  linkConfiguration,
} from '../../../src/cli/settings/dns-configuration.ts'
import type { DnsConfiguration } from '../../../src/cli/settings/dns-configuration.ts'
import { doubtLines, encryptionLines } from '../../../src/cli/settings/server-doubts.ts'
import type { DELEGATE, LINK, MANAGER, PropertiesOf } from '../../../src/dbus/index.ts'
import { serverStateLines } from '../../../src/cli/inspect/server-state.ts'
import { statisticsText } from '../../../src/cli/inspect/statistics.ts'

const nameOf = (ifindex: number) => (ifindex === 1 ? 'lo' : `w${ifindex - 1}`)
const v4 = (text: string) => Buffer.from(text.split('.').map(Number))

const modes = { LLMNR: 'yes', MulticastDNS: 'resolve', DNSOverTLS: 'no', DNSSEC: 'no', DNSSECSupported: false }
const link: PropertiesOf<typeof LINK> = {
  ...modes,
  ScopesMask: 7n,
  DNSEx: [
    [2, v4('10.1.0.1'), 0, ''],
    [10, Buffer.from('fd000000000000000000000000000001', 'hex'), 54, 'dns.test'],
  ],
  CurrentDNSServerEx: [0, Buffer.alloc(0), 0, ''],
  Domains: [
    ['corp.test', false],
    ['eng.test', true],
  ],
  DefaultRoute: true,
  DNSSECNegativeTrustAnchors: [],
}
const global: PropertiesOf<typeof MANAGER> = {
  ...modes,
  DNSEx: [
    [0, 2, v4('192.0.2.1'), 0, ''],
    [1, 2, v4('127.0.0.99'), 0, ''],
    [2, 2, v4('10.1.0.1'), 0, ''],
  ],
  CurrentDNSServerEx: [2, 2, v4('10.1.0.1'), 0, ''],
  FallbackDNSEx: [],
  Domains: [
    [0, 'home.test', false],
    [2, 'corp.test', false],
  ],
  ResolvConfMode: 'foreign',
}

describe('configuration', () => {
  it('C-S-6: the global block leaves out what belongs to a link', () => {
    const { servers, searchDomains, currentServer } = globalConfiguration(global)
    expect(servers?.map(({ addressString }) => addressString)).toEqual(['192.0.2.1', '127.0.0.99'])
    expect(searchDomains).toEqual([{ name: 'home.test', routeOnly: false }])
    expect(currentServer).toBeUndefined()
  })

  it('has no key for what is not set', () => {
    const configuration = linkConfiguration(
      { ifindex: 2, ifname: 'w1' },
      { ScopesMask: 0n, DNS: [], DefaultRoute: false },
    )
    expect(configuration).toEqual({ ifname: 'w1', ifindex: 2, defaultRoute: false })
  })

  it('reads a daemon without the extended properties', () => {
    const configuration = linkConfiguration({ ifindex: 2, ifname: 'w1' }, { DNS: [[2, v4('10.1.0.1')]] })
    expect(configuration.servers).toEqual([{ address: [10, 1, 0, 1], addressString: '10.1.0.1', family: 2, port: 53 }])
  })

  it('varlink.md §3.3: ports are effective, scopes are told apart', () => {
    const { servers, scopes } = linkConfiguration({ ifindex: 2, ifname: 'w1' }, link)
    expect(servers?.map(({ port }) => port)).toEqual([53, 54])
    expect(scopes?.map(({ protocol, family }) => [protocol, family])).toEqual([
      ['dns', undefined],
      ['llmnr', 2],
      ['llmnr', 10],
    ])
  })

  it('reads delegates, whose servers carry an interface', () => {
    const properties: PropertiesOf<typeof DELEGATE> = {
      DNS: [[2, 2, v4('10.1.0.1'), 0, '']],
      Domains: [['a.test', true]],
      DefaultRoute: false,
    }
    expect(delegateConfiguration('d', properties)).toMatchObject({
      delegate: 'd',
      servers: [{ addressString: '10.1.0.1', ifindex: 2 }],
      searchDomains: [{ name: 'a.test', routeOnly: true }],
    })
  })
})

describe('status', () => {
  it('C-S-2 to C-S-5: a link', () => {
    const configuration = linkConfiguration({ ifindex: 2, ifname: 'w1' }, link)
    expect(headingOf(configuration)).toBe('Link 2 (w1)')
    expect(statusLines(configuration, 80, nameOf)).toEqual([
      '    Current Scopes: DNS LLMNR/IPv4 LLMNR/IPv6',
      '         Protocols: +DefaultRoute +LLMNR mDNS=resolve -DNSOverTLS\n                    DNSSEC=no/unsupported',
      '       DNS Servers: 10.1.0.1 [fd00::1]:54#dns.test',
      '        DNS Domain: corp.test ~eng.test',
      '     Default Route: yes',
    ])
  })

  it('C-S-3: the global block is as wide as its longest label', () => {
    expect(statusLines(globalConfiguration(global), 80, nameOf)).toEqual([
      '       Protocols: +LLMNR mDNS=resolve -DNSOverTLS DNSSEC=no/unsupported',
      'resolv.conf mode: foreign',
      '     DNS Servers: 192.0.2.1 127.0.0.99',
      '      DNS Domain: home.test',
    ])
  })

  it('C-S-7: a link without any configuration', () => {
    const configuration = linkConfiguration({ ifindex: 3, ifname: 'w2' }, { ScopesMask: 0n })
    expect(statusLines(configuration, 80, nameOf)).toEqual(['    Current Scopes: none'])
  })

  it.each([
    [{ port: 53 }, '192.0.2.1'],
    [{ port: 5353 }, '192.0.2.1:5353'],
    [{ port: 53, ifindex: 2, name: 'x' }, '192.0.2.1%w1#x'],
  ])('C-S-5: %j', (extra, text) => {
    const server = { address: [], addressString: '192.0.2.1', family: 2 as const, ...extra }
    expect(serverText(server, nameOf)).toBe(text)
  })
})

describe('counters', () => {
  it('statistics: sections, aligned rows, blank rows as wide as the labels', () => {
    const text = statisticsText({
      transactions: { currentTransactions: 0, totalTransactions: 51 },
      cache: { size: 1, hits: 2, misses: 3 },
      dnssec: { secure: 0, insecure: 0, bogus: 0, indeterminate: 0 },
    })
    expect(text.split('\n').slice(0, 5)).toEqual([
      'Transactions          ',
      'Current Transactions: 0',
      '  Total Transactions: 51',
      '                      ',
      'Cache                 ',
    ])
    expect(text).not.toContain('Failure')
  })

  it('server state: booleans in words, missing values left out', () => {
    expect(serverStateLines({ Server: '10.1.0.1', Type: 'link', PacketInvalid: false })).toEqual([
      'Server: 10.1.0.1',
      '               Type: link',
      'Seen invalid packet: no',
    ])
  })

  it('server state: what our daemon has learnt comes after what the original knows', () => {
    const learnt = {
      State: 'doubtful',
      Lossy: false,
      EDNSLosses: 0,
      LargeLosses: 0,
      TCPFailures: 1,
      Mismatches: 0,
      Guesses: 0,
      LetterCase: 'proven',
      Cookies: 'missing',
      PatienceUSec: 250_000,
      Sent: 9,
      Probes: 2,
      Answers: 3,
      Errors: 1,
      Hedges: 4,
      VainHedges: 1,
      RememberedFailures: 5,
      EDNS: 'in doubt',
      Payload: 1232,
      Doubts: ['owes an answer', 'TCP failed once'],
    }
    expect(serverStateLines({ Server: '10.1.0.1', Learnt: learnt })).toEqual([
      'Server: 10.1.0.1',
      '              State: doubtful, owes an answer, TCP failed once',
      '         Round trip: unknown, asked again after 250ms',
      '           Messages: 9 sent, 2 of them probes; 3 answers, 1 errors',
      '        Asked again: 4 times, 1 of them without effect',
      '               EDNS: in doubt, 1232 bytes',
      '        Letter case: always repeated, replies without are not believed',
      '            Cookies: not sent',
      'Failures remembered: 5',
    ])
  })

  it('status says how servers are asked over TLS and HTTPS, and nothing of those in plaintext', () => {
    const encryption = {
      channel: 'tls',
      mode: 'strict',
      state: 'works',
      version: 'TLSv1.3',
      verifiedAs: 'dns.test',
      open: true,
      ageUSec: 3_000_000,
      handshakes: 1,
      resumptions: 0,
      failures: 0,
    }
    const servers = [
      {
        ifindex: 2,
        scope: 'link 2 (w1)',
        servers: [
          { server: '10.1.0.1', doubts: [], encryption },
          { server: '10.1.0.2', doubts: [] },
          {
            server: '10.1.0.3',
            doubts: [],
            encryption: { ...encryption, mode: 'discovered', at: '10.1.0.9 port 853' },
          },
        ],
      },
    ]
    expect(encryptionLines({ ifindex: 2, ifname: 'w1' }, servers, 200)).toEqual([
      '        Encryption: 10.1.0.1: strict, over TLS, TLSv1.3 verified as dns.test, connected for 3s',
      '        Encryption: 10.1.0.3: discovered, over TLS at 10.1.0.9 port 853, TLSv1.3 verified as dns.test, connected for 3s',
    ])
    expect(encryptionLines({}, servers, 200)).toEqual([])
  })

  it('status says what speaks against servers, and nothing of those that are well', () => {
    const servers = [
      { ifindex: 2, scope: 'link 2 (w1)', servers: [{ server: '10.1.0.1', doubts: ['silent'] }] },
      { scope: 'global', servers: [{ server: '192.0.2.1', doubts: ['no EDNS', 'messages get lost'] }] },
      { scope: 'delegate corp', servers: [{ server: '192.0.2.9', doubts: [] }] },
    ]
    const lines = (block: DnsConfiguration) => doubtLines(block, servers, 80)
    expect(lines({ ifindex: 2, ifname: 'w1' })).toEqual(['     Server Doubts: 10.1.0.1: silent'])
    expect(lines({})).toEqual(['     Server Doubts: 192.0.2.1: no EDNS, messages get lost'])
    expect(lines({ delegate: 'corp' })).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import { IpAddress, Logger } from '../../../src/base/index.ts'
import { type Control, ControlError, type ControlEvents } from '../../../src/control/index.ts'
import { DEFAULT_LIMITS, nodeAlgorithms } from '../../../src/dnssec/index.ts'
import { Controller, type LinkStore } from '../../../src/control/controller.ts'
import {
  IFF_LOOPBACK,
  IFF_LOWER_UP,
  IFF_RUNNING,
  IFF_UP,
  type LinkFacts,
  type NetworkFacts,
  OPERSTATE_UP,
  ScopeSet,
  TransactionCounts,
} from '../../../src/scope/index.ts'
import {
  DEFAULT_LINK_SETTINGS,
  DEFAULT_RESOLVED_SETTINGS,
  type LinkSettings,
  type NetworkdLink,
  type Origin,
  parseDomain,
  parseServerSpec,
  type ResolvedSettings,
  type SavedLink,
} from '../../../src/settings/index.ts'
import { CLASS, nameOf, TYPE } from '../../../src/wire/index.ts'
import { FakeClock, settle } from '../../kit/fake-clock.ts'
import { replyFor } from '../../kit/messages.ts'
import { ScriptedTransport } from '../../kit/scripted-transport.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'

const servers = (text: string) =>
  text
    .split(' ')
    .filter(Boolean)
    .map((word) => parseServerSpec(word, () => undefined))
const domains = (text: string) => text.split(' ').filter(Boolean).map(parseDomain)
const ORIGIN: Origin = { source: 'bus', busName: ':1.7', uid: 1000, process: 'vpn', at: 42 }

function link(ifindex: number, name: string, changes: Partial<LinkFacts> = {}): LinkFacts {
  const address = { address: IpAddress.of(`10.${ifindex}.0.2`), prefixLength: 24, scope: 0, flags: 0 }
  const flags = IFF_UP | IFF_LOWER_UP | IFF_RUNNING
  return { ifindex, name, flags, operState: OPERSTATE_UP, mtu: 1500, addresses: [address], ...changes }
}

const LO = link(1, 'lo', { flags: IFF_LOOPBACK | IFF_UP | IFF_LOWER_UP, addresses: [] })
const factsOf = (...links: readonly LinkFacts[]): NetworkFacts => ({
  links: new Map([LO, ...links].map((one) => [one.ifindex, one])),
  gateways: [],
})
const managed = (settings: Partial<LinkSettings> = {}): NetworkdLink => ({
  isManaged: true,
  operState: 'routable',
  settings: { ...DEFAULT_LINK_SETTINGS, ...settings },
})

/** A controller over scopes without network; its store and files are what they were last told. */
class Rig {
  readonly clock = new FakeClock()
  readonly log: string[] = []
  readonly saved = new Map<number, SavedLink>()
  readonly events: string[] = []
  /** Texts of resolv.conf, in the order written. */
  readonly written: { uplink: string; stub: string | undefined }[] = []
  readonly scopes: ScopeSet
  readonly transport: ScriptedTransport
  readonly control: Controller
  canSave = true

  constructor(settings: Partial<ResolvedSettings> = {}) {
    const { clock } = this
    const log = new Logger('debug', (_level, line) => this.log.push(line))
    const counts = new TransactionCounts()
    this.transport = new ScriptedTransport(clock)
    const dnssec = {
      algorithms: nodeAlgorithms(),
      limits: DEFAULT_LIMITS,
      check: () => undefined,
      turn: () => Promise.resolve(),
      turnIfBusy: () => undefined,
    }
    this.scopes = new ScopeSet({ transport: this.transport, clock, random: new SeededRandom(), log, counts, dnssec })
    this.control = new Controller({ ...DEFAULT_RESOLVED_SETTINGS, fallbackServers: [], ...settings }, [], {
      scopes: this.scopes,
      counts,
      store: this.#store(),
      files: {
        uplinkPath: '/run/resolv.conf',
        stubPath: '/run/stub-resolv.conf',
        write: (uplink, stub) => void this.written.push({ uplink, stub }),
      },
      resolvConfMode: () => 'stub',
      clock,
      log,
    })
    const tell = (event: keyof ControlEvents) => () => void this.events.push(event)
    this.control.subscribe({
      serversChanged: tell('serversChanged'),
      currentServerChanged: tell('currentServerChanged'),
      configurationChanged: tell('configurationChanged'),
      flushed: tell('flushed'),
    })
  }

  static async of(facts: NetworkFacts, settings: Partial<ResolvedSettings> = {}): Promise<Rig> {
    const rig = new Rig(settings)
    await rig.control.restore(facts, new Map())
    rig.control.settle()
    rig.events.length = 0
    return rig
  }

  change(ifindex: number, patch: Partial<LinkSettings>): Promise<void> {
    return this.control.change(ifindex, patch, ORIGIN)
  }

  /** The last resolv.conf without comments. */
  get resolvConf(): string[] {
    return (this.written.at(-1)?.uplink ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  }

  get scopeIds(): string[] {
    return this.scopes.all.map(({ plan }) => plan.id)
  }

  #store(): LinkStore {
    return {
      load: async (ifindex) => this.saved.get(ifindex),
      save: async (ifindex, saved) => {
        if (!this.canSave) throw new Error('disk full')
        this.saved.set(ifindex, saved)
      },
      remove: async (ifindex) => void this.saved.delete(ifindex),
      removeStale: async (existing) => {
        for (const ifindex of this.saved.keys()) if (!existing.has(ifindex)) this.saved.delete(ifindex)
      },
    }
  }
}

const ETH = link(2, 'eth0')
const VPN = link(3, 'tun0')

async function kindOf(work: () => Promise<void>): Promise<string> {
  try {
    await work()
    return 'done'
  } catch (error) {
    return error instanceof ControlError ? error.kind : String(error)
  }
}

describe('change', () => {
  test.each<[string, number, Partial<LinkSettings>, string]>([
    ['an ordinary link', 2, { servers: servers('10.2.0.1') }, 'done'],
    ['no such link', 9, { servers: [] }, 'no-such-link'],
    ['LinkBusy: loopback', 1, { servers: [] }, 'link-is-loopback'],
    ['R-NETD-6: LinkBusy: managed by networkd', 3, { servers: [] }, 'link-is-managed'],
    ['R-SRV-1: 256 servers', 2, { servers: Array.from({ length: 256 }, () => servers('10.2.0.1')[0]!) }, 'done'],
    [
      'R-SRV-1: but not 257',
      2,
      { servers: Array.from({ length: 257 }, () => servers('10.2.0.1')[0]!) },
      'limit-exceeded',
    ],
    ['R-SEARCH-4: 1024 domains', 2, { domains: Array.from({ length: 1024 }, (_, i) => parseDomain(`d${i}`)) }, 'done'],
    [
      'R-SEARCH-4: but not 1025',
      2,
      { domains: Array.from({ length: 1025 }, (_, i) => parseDomain(`d${i}`)) },
      'limit-exceeded',
    ],
    [
      '2048 negative anchors',
      2,
      { negativeTrustAnchors: Array.from({ length: 2048 }, (_, i) => nameOf(`d${i}`)) },
      'done',
    ],
    [
      'but not 2049',
      2,
      { negativeTrustAnchors: Array.from({ length: 2049 }, (_, i) => nameOf(`d${i}`)) },
      'limit-exceeded',
    ],
    ['S-MODE-1: DNSSEC, strict', 2, { dnssec: 'yes' }, 'done'],
    ['S-MODE-1: DNSSEC, where servers can', 2, { dnssec: 'allow-downgrade' }, 'done'],
    ['DNS over TLS, strict', 2, { dnsOverTls: 'yes' }, 'done'],
    ['DNS over TLS, opportunistic', 2, { dnsOverTls: 'opportunistic' }, 'done'],
    ['multicast modes are wishes', 2, { llmnr: 'yes', multicastDns: 'resolve' }, 'done'],
  ])('%s', async (_rule, ifindex, patch, expected) => {
    const rig = await Rig.of(factsOf(ETH, VPN))
    rig.control.followNetworkd(new Map([[3, managed()]]))
    expect(await kindOf(() => rig.change(ifindex, patch))).toBe(expected)
  })

  test('what is refused changes nothing', async () => {
    const rig = await Rig.of(factsOf(ETH))
    await rig.change(2, { servers: servers('10.2.0.1') })
    const before = { status: rig.control.link(2), written: rig.written.length, saved: rig.saved.get(2) }
    rig.events.length = 0
    await kindOf(() =>
      rig.change(2, { servers: [], domains: domains(Array.from({ length: 2049 }, (_, i) => `d${i}`).join(' ')) }),
    )
    expect({ status: rig.control.link(2), written: rig.written.length, saved: rig.saved.get(2) }).toEqual(before)
    expect(rig.events).toEqual([])
  })

  test('is in force, saved and written when acknowledged', async () => {
    const rig = await Rig.of(factsOf(ETH))
    await rig.change(2, { servers: servers('10.2.0.1'), domains: domains('corp.test ~lab.test') })
    expect(rig.scopeIds).toEqual(['global', 'link 2'])
    expect(rig.saved.get(2)?.settings.domains.length).toBe(2)
    expect(rig.resolvConf).toEqual(['search corp.test'])
    expect(rig.events).toEqual(['configurationChanged', 'serversChanged'])
  })

  test('one setting leaves the others, and each remembers who set it', async () => {
    const rig = await Rig.of(factsOf(ETH))
    await rig.change(2, { servers: servers('10.2.0.1') })
    await rig.control.change(2, { domains: domains('corp.test') }, { ...ORIGIN, busName: ':1.9', at: 50 })
    const { settings, origins } = rig.control.link(2)!
    expect([settings.servers.length, settings.domains.length]).toEqual([1, 1])
    expect([origins.servers?.busName, origins.domains?.busName, origins.llmnr]).toEqual([':1.7', ':1.9', undefined])
  })

  test('domains alone are no change of servers', async () => {
    const rig = await Rig.of(factsOf(ETH))
    await rig.change(2, { domains: domains('corp.test') })
    expect(rig.events).toEqual(['configurationChanged'])
  })

  test('the log names link, setting and who', async () => {
    const rig = await Rig.of(factsOf(ETH))
    await rig.change(2, { servers: servers('10.2.0.1#dns.test'), domains: domains('~corp.test'), defaultRoute: true })
    expect(rig.log).toContain(
      'link 2 (eth0): DNS servers 10.2.0.1#dns.test, domains ~corp.test, default route yes, by vpn uid 1000 :1.7',
    )
  })

  test('a disk that is full is told, and the settings are in force all the same', async () => {
    const rig = await Rig.of(factsOf(ETH))
    rig.canSave = false
    await rig.change(2, { servers: servers('10.2.0.1') })
    expect(rig.scopeIds).toEqual(['global', 'link 2'])
    expect(rig.log.some((line) => line.includes('not saved: disk full'))).toBe(true)
  })
})

describe('unsetDefaultRoute', () => {
  test.each([
    ['corp.test', true],
    ['~corp.test', false],
  ])('R-ROUTE-9: the domains decide again (%s), and nothing is left behind', async (domain, expected) => {
    const rig = await Rig.of(factsOf(ETH))
    await rig.change(2, { servers: servers('10.2.0.1'), domains: domains(domain) })
    const before = rig.control.link(2)!
    await rig.change(2, { defaultRoute: !expected })
    expect(rig.control.link(2)?.isDefaultRoute).toBe(!expected)
    await rig.control.unsetDefaultRoute(2, ORIGIN)
    expect(rig.control.link(2)).toMatchObject({ isDefaultRoute: expected, settings: before.settings })
    expect(rig.control.link(2)?.origins).toEqual(before.origins)
    expect(rig.saved.get(2)).toEqual({ settings: before.settings, origins: before.origins })
    expect(rig.log.at(-1)).toBe('link 2 (eth0): default route as its domains say, by vpn uid 1000 :1.7')
  })

  test('LinkBusy: not of a link of networkd', async () => {
    const rig = await Rig.of(factsOf(ETH, VPN))
    rig.control.followNetworkd(new Map([[3, managed()]]))
    expect(await kindOf(() => rig.control.unsetDefaultRoute(3, ORIGIN))).toBe('link-is-managed')
    expect(await kindOf(() => rig.control.unsetDefaultRoute(9, ORIGIN))).toBe('no-such-link')
  })
})

describe('revert', () => {
  test('everything is back to defaults, and in force', async () => {
    const rig = await Rig.of(factsOf(ETH))
    await rig.change(2, { servers: servers('10.2.0.1'), defaultRoute: false, llmnr: 'no', dnsOverTls: 'opportunistic' })
    await rig.control.revert(2, ORIGIN)
    expect(rig.control.link(2)).toMatchObject({ settings: DEFAULT_LINK_SETTINGS, origins: {} })
    expect(rig.scopeIds).toEqual(['global'])
    expect(rig.saved.get(2)?.settings).toEqual(DEFAULT_LINK_SETTINGS)
  })

  test.each([
    ['loopback', 1, 'link-is-loopback'],
    ['nobody', 9, 'no-such-link'],
  ])('not of %s', async (_who, ifindex, expected) => {
    const rig = await Rig.of(factsOf(ETH))
    expect(await kindOf(() => rig.control.revert(ifindex, ORIGIN))).toBe(expected)
  })
})

describe('what outlives what (R-LINK, R-NETD)', () => {
  const settings: LinkSettings = { ...DEFAULT_LINK_SETTINGS, servers: servers('10.2.0.1') }

  test('R-LINK-9: saved settings are taken up at start, stale ones removed', async () => {
    const rig = new Rig()
    rig.saved.set(2, { settings, origins: {} }).set(9, { settings, origins: {} })
    await rig.control.restore(factsOf(ETH), new Map())
    expect([rig.scopeIds, [...rig.saved.keys()]]).toEqual([['global', 'link 2'], [2]])
    const { origins } = rig.control.link(2)!
    expect([origins.servers?.source, origins.domains]).toEqual(['restored', undefined])
  })

  test('R-NETD-6: not for links that networkd manages', async () => {
    const rig = new Rig()
    rig.saved.set(2, { settings, origins: {} })
    await rig.control.restore(factsOf(ETH), new Map([[2, managed({ servers: servers('10.2.0.9') })]]))
    expect([rig.control.link(2)?.currentServer?.address.text, rig.saved.size]).toEqual(['10.2.0.9', 0])
  })

  test('R-NETD-6: a link that networkd takes over loses what clients pushed, for good', async () => {
    const rig = await Rig.of(factsOf(ETH))
    await rig.change(2, { servers: servers('10.2.0.1') })
    rig.control.followNetworkd(new Map([[2, managed({ servers: servers('10.2.0.9') })]]))
    await settle()
    expect([rig.control.link(2)?.isManaged, rig.saved.size]).toEqual([true, 0])
    rig.control.followNetworkd(new Map())
    expect(rig.control.link(2)?.settings).toEqual(DEFAULT_LINK_SETTINGS)
  })

  test('R-LINK-6: settings are kept while the link is down', async () => {
    const rig = await Rig.of(factsOf(ETH))
    await rig.change(2, { servers: servers('10.2.0.1') })
    rig.control.followKernel(factsOf({ ...ETH, flags: 0 }))
    expect([rig.scopeIds, rig.control.link(2)?.settings.servers.length]).toEqual([['global'], 1])
    rig.control.followKernel(factsOf(ETH))
    expect(rig.scopeIds).toEqual(['global', 'link 2'])
  })

  test('R-LINK-7: and gone with it', async () => {
    const rig = await Rig.of(factsOf(ETH))
    await rig.change(2, { servers: servers('10.2.0.1') })
    rig.events.length = 0
    rig.control.followKernel(factsOf())
    await settle()
    expect([rig.control.link(2), rig.saved.size]).toEqual([undefined, 0])
    expect(rig.events).toEqual(['configurationChanged', 'serversChanged'])
    rig.control.followKernel(factsOf(ETH))
    expect(rig.control.link(2)?.settings).toEqual(DEFAULT_LINK_SETTINGS)
  })

  test('CurrentDNSServer is told when a scope goes over to another of its servers, and only then', async () => {
    const rig = await Rig.of(factsOf(ETH))
    await rig.change(2, { servers: servers('10.2.0.1 10.2.0.2') })
    rig.transport.script = (exchange) => {
      const reply = replyFor(exchange.wire, { answer: ['a.test 60 A 192.0.2.1'] })
      if (exchange.server === '10.2.0.2') exchange.reply(reply)
    }
    const question = { name: nameOf('a.test'), type: TYPE.A, class: CLASS.IN }
    const may = { readsCache: false, fillsCache: true, mayAskNetwork: true, mayRedirect: true, mayBeStale: true }
    const told: unknown[] = []
    for (let i = 0; i < 2; i++) {
      rig.events.length = 0
      const request = { request: { kind: 'question', question }, variant: '', ...may } as const
      const answer = rig.scopes.ofLink(2)?.lookUp(request, new AbortController().signal)
      await rig.clock.advance(5000)
      told.push([(await answer)?.state, ...rig.events, rig.control.link(2)?.currentServer?.address.text])
    }
    expect(told).toEqual([
      ['success', 'currentServerChanged', '10.2.0.2'],
      ['success', '10.2.0.2'],
    ])
  })

  test('R-PROC-1: pushed settings survive a reload, caches do not', async () => {
    const rig = await Rig.of(factsOf(ETH))
    await rig.change(2, { servers: servers('10.2.0.1') })
    const { routes } = rig.scopes
    rig.control.reload(
      { ...DEFAULT_RESOLVED_SETTINGS, servers: servers('10.9.0.1'), configuresServersOrDomains: true },
      [],
    )
    expect([rig.control.link(2)?.settings.servers.length, routes.isCurrent]).toEqual([1, false])
    expect(rig.control.global().servers.map(({ address }) => address.text)).toEqual(['10.9.0.1'])
  })

  test.each([
    ['R-RC-7: a foreign resolv.conf where nothing is configured', {}, ['10.8.0.1']],
    [
      'R-RC-7: but not beside DNS= or Domains=',
      { configuresServersOrDomains: true, servers: servers('10.9.0.1') },
      ['10.9.0.1'],
    ],
  ])('%s', async (_rule, set, expected) => {
    const rig = await Rig.of(factsOf(ETH), set)
    rig.control.followResolvConf({ servers: servers('10.8.0.1'), domains: [] })
    expect(rig.control.global().servers.map(({ address }) => address.text)).toEqual(expected)
  })
})

const statusOf = async (patch: Partial<LinkSettings>, settings: Partial<ResolvedSettings> = {}) => {
  const rig = await Rig.of(factsOf(ETH), settings)
  await rig.change(2, patch)
  return (rig.control as Control).link(2)
}

describe('status', () => {
  test.each<[string, Partial<LinkSettings>, Partial<ResolvedSettings>, object]>([
    ['a scope', { servers: servers('10.2.0.1') }, {}, { scopesMask: 1, isDefaultRoute: true }],
    ['none without servers', {}, {}, { scopesMask: 0, isDefaultRoute: false, currentServer: undefined }],
    ['an explicit default route, scope or not', { defaultRoute: true }, {}, { isDefaultRoute: true }],
    ['a computed one', { servers: servers('10.2.0.1'), domains: domains('~corp.test') }, {}, { isDefaultRoute: false }],
    [
      'R-LINK-2: the lesser of both modes',
      { llmnr: 'yes', multicastDns: 'resolve' },
      { llmnr: 'resolve', multicastDns: 'no' },
      { llmnr: 'resolve', multicastDns: 'no' },
    ],
    [
      'R-LINK-2: the link’s mode',
      { dnsOverTls: 'opportunistic', dnssec: 'allow-downgrade' },
      {},
      { dnsOverTls: 'opportunistic', dnssec: 'allow-downgrade' },
    ],
    [
      'R-LINK-2: else the global one',
      {},
      { dnsOverTls: 'opportunistic' },
      { dnsOverTls: 'opportunistic', dnssec: 'no' },
    ],
  ])('%s', async (_rule, patch, settings, expected) => {
    expect(await statusOf(patch, settings)).toMatchObject(expected)
  })

  test('links by index, lo first', async () => {
    const rig = await Rig.of(factsOf(VPN, ETH))
    expect(rig.control.links().map(({ ifindex, name, isLoopback }) => [ifindex, name, isLoopback])).toEqual([
      [1, 'lo', true],
      [2, 'eth0', false],
      [3, 'tun0', false],
    ])
  })

  test('LL-R-7: the label that neighbours know is told when it changes', async () => {
    const rig = await Rig.of(factsOf())
    rig.control.followHostLabel('box')
    rig.control.followHostLabel('box')
    expect([rig.control.global().llmnrHostname, rig.events]).toEqual(['box', ['configurationChanged']])
  })

  test('a subscription ends when disposed', async () => {
    const rig = await Rig.of(factsOf(ETH))
    let told = 0
    const subscription = rig.control.subscribe({ configurationChanged: () => told++ })
    await rig.change(2, { llmnr: 'no' })
    subscription[Symbol.dispose]()
    await rig.change(2, { llmnr: 'yes' })
    expect(told).toBe(1)
  })
})

describe('resolv.conf (R-RC)', () => {
  const one = (text: string) => ({ servers: servers(text) })

  test.each<[string, string, Partial<LinkSettings>, Partial<LinkSettings>, Partial<ResolvedSettings>, string[]]>([
    ['R-RC-4: nothing', '', {}, {}, {}, ['search .']],
    [
      'R-RC-2: global first, then links',
      '10.9.0.1',
      one('10.2.0.1'),
      one('10.3.0.1'),
      {},
      ['nameserver 10.9.0.1', 'nameserver 10.2.0.1', 'nameserver 10.3.0.1', 'search .'],
    ],
    ['R-RC-2: duplicates once', '10.2.0.1', one('10.2.0.1'), {}, {}, ['nameserver 10.2.0.1', 'search .']],
    ['R-RC-2: no other ports', '', one('10.2.0.1:5353 10.2.0.9'), {}, {}, ['nameserver 10.2.0.9', 'search .']],
    [
      'R-RC-2: only default routes',
      '',
      one('10.2.0.1'),
      { ...one('10.3.0.1'), domains: domains('~corp.test') },
      {},
      ['nameserver 10.2.0.1', 'search .'],
    ],
    ['R-RC-2: link-local with its link', '', one('fe80::1'), {}, {}, ['nameserver fe80::1%eth0', 'search .']],
    [
      'R-RC-2: fallback servers where there is no other',
      '',
      {},
      {},
      { fallbackServers: servers('9.9.9.9') },
      ['nameserver 9.9.9.9', 'search .'],
    ],
    [
      'R-RC-2: and only there',
      '',
      one('10.2.0.1'),
      {},
      { fallbackServers: servers('9.9.9.9') },
      ['nameserver 10.2.0.1', 'search .'],
    ],
    [
      'R-RC-4: search domains of all, once',
      '',
      { ...one('10.2.0.1'), domains: domains('a.test b.test') },
      { ...one('10.3.0.1'), domains: domains('b.test c.test') },
      {},
      ['nameserver 10.2.0.1', 'nameserver 10.3.0.1', 'search a.test b.test c.test'],
    ],
  ])('%s', async (_rule, global, eth, vpn, settings, expected) => {
    const set = { ...settings, servers: servers(global), configuresServersOrDomains: global !== '' }
    const rig = await Rig.of(factsOf(ETH, VPN), set)
    await rig.change(2, eth)
    await rig.change(3, vpn)
    expect(rig.resolvConf).toEqual(expected)
  })

  test('R-RC-1: what has not changed is not written again', async () => {
    const rig = await Rig.of(factsOf(ETH))
    await rig.change(2, { servers: servers('10.2.0.1') })
    const { length } = rig.written
    await rig.change(2, { llmnr: 'no' })
    rig.control.followKernel(factsOf(ETH, VPN))
    rig.control.settle()
    expect(rig.written.length).toBe(length)
  })

  test('resolv.conf was written with each of many changes of links: of those close together the last counts', async () => {
    const rig = await Rig.of(factsOf(ETH, VPN))
    await rig.change(2, { servers: servers('10.2.0.1') })
    await rig.change(3, { servers: servers('10.3.0.1') })
    const { length } = rig.written
    for (let i = 0; i < 20; i++) {
      rig.control.followKernel(factsOf(ETH))
      rig.control.followKernel(factsOf(ETH, VPN))
    }
    rig.control.followKernel(factsOf(ETH))
    expect(rig.written.length).toBe(length)
    await rig.clock.advance(20)
    expect(rig.written.length).toBe(length + 1)
    expect(rig.resolvConf).toEqual(['nameserver 10.2.0.1', 'search .'])
  })

  test('R-RC-3: without a stub both files are the same', async () => {
    expect((await Rig.of(factsOf(ETH), { stubListener: 'no' })).written.at(-1)?.stub).toBeUndefined()
    expect((await Rig.of(factsOf(ETH))).written.at(-1)?.stub).toContain(
      'nameserver 127.0.0.53\noptions edns0 trust-ad\n',
    )
  })
})

test('whoever keeps replies is told of a flush, also of that of a reload', async () => {
  const { control, events } = await Rig.of(factsOf(ETH))
  control.flushCaches()
  expect(events).toEqual(['flushed'])
  control.reload(control.settings, [])
  expect(events.filter((event) => event === 'flushed')).toHaveLength(2)
})

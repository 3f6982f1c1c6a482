import { expect, test } from 'vitest'
import { AF_INET, AF_INET6, IpAddress } from '../../../src/base/index.ts'
import { NO } from '../../../src/routing/index.ts'
import { FLAG, type Scope } from '../../../src/scope/index.ts'
import { MULTICAST_PROTOCOLS } from '../../../src/scope/protocol.ts'
import { MulticastScope } from '../../../src/scope/multicast-scope.ts'
import { RouteIndex } from '../../../src/scope/route-index.ts'
import { nameOf, TYPE } from '../../../src/wire/index.ts'
import { type LinkScript, World } from '../../kit/world.ts'

const DOMAINS = [
  '~.',
  '~test',
  'corp.test',
  '~a.corp.test',
  'host',
  '~local',
  '~10.in-addr.arpa',
  '~onion',
  '.',
  '~internal',
]
const NAMES = `. host com www.example www.test corp.test w.corp.test w.b.a.corp.test w.local local 9.0.2.10.in-addr.arpa
  9.0.5.10.in-addr.arpa 9.9.9.10.in-addr.arpa 1.1.254.169.in-addr.arpa 10.in-addr.arpa 8.8.8.8.in-addr.arpa x.onion x.internal
  test sub.host 8.b.d.0.1.0.0.2.ip6.arpa 1.2.3.192.in-addr.arpa`
  .split(/\s+/)
  .map(nameOf)
const FLAGS = [
  FLAG.DNS,
  FLAG.DNS | FLAG.LLMNR_IPV4 | FLAG.MDNS_IPV4 | FLAG.MDNS_IPV6,
  FLAG.DNS | FLAG.RELAX_SINGLE_LABEL,
]

/** A number for each call, the same ones in each run. */
function numbers(seed: number): (bound: number) => number {
  let state = seed + 1
  return (bound) => (state = (state * 48_271) % 0x7fff_ffff) % bound
}

/** Up to a dozen links with a few of the domains each, some with scopes of multicast. */
function scopesOf(seed: number): readonly Scope[] {
  const below = numbers(seed)
  const links = Array.from({ length: 1 + below(12) }, (_, i): LinkScript => {
    const domains = DOMAINS.filter(() => below(6) === 0)
    const defaultRoute = below(3) === 0 ? { defaultRoute: below(2) === 0 } : {}
    return { ifindex: i + 2, dns: below(5) === 0 ? [] : [`10.${i}.2.1`], domains, ...defaultRoute }
  })
  const { scopes } = new World({ links, dns: below(2) === 0 ? [] : ['10.9.0.1'] })
  return [...scopes.all, ...links.flatMap(({ ifindex }) => (below(3) === 0 ? multicastOn(ifindex) : []))]
}

function multicastOn(ifindex: number): Scope[] {
  return MULTICAST_PROTOCOLS.map((protocol) => {
    const { family } = protocol
    const address = IpAddress.of(family === AF_INET ? `10.${ifindex}.0.3` : 'fe80::1')
    const subnets = [{ address, prefixLength: family === AF_INET6 ? 64 : 24 }]
    const route = { family, subnets, hasSibling: true }
    const plan = { protocol, kind: 'link', id: `${protocol.name} ${ifindex}`, ifindex, route }
    return new MulticastScope(plan as never, { querier: {} as never, zone: () => undefined, wall: () => 0 })
  })
}

/** R-ROUTE-1 by the letter: every scope is asked. */
function bestOf(all: readonly Scope[], request: Parameters<RouteIndex['route']>[0]): Scope[] {
  const isMeant = ({ protocol, ifindex }: Scope) =>
    (request.flags & protocol.flag) !== 0 && (request.ifindex === 0 || request.ifindex === ifindex)
  const scored = all.filter(isMeant).map((scope) => ({ scope, score: scope.score(request).score }))
  const best = Math.max(NO, ...scored.map(({ score }) => score))
  return best === NO ? [] : scored.filter(({ score }) => score === best).map(({ scope }) => scope)
}

test('R-ROUTE-1: whom the index finds is who scores best when all are asked', () => {
  let found = 0
  for (let seed = 0; seed < 40; seed++) {
    const all = scopesOf(seed)
    const index = new RouteIndex(all)
    for (const name of NAMES)
      for (const flags of FLAGS)
        for (const [types, ifindex] of [
          [[TYPE.A], 0],
          [[TYPE.PTR], 0],
          [[TYPE.A, TYPE.AAAA], 3],
        ] as const) {
          const request = { name, types, ifindex, flags }
          const best = bestOf(all, request).map(({ plan }) => plan.id)
          expect([seed, name, index.route(request).map(({ plan }) => plan.id)]).toEqual([seed, name, best])
          found += best.length
        }
  }
  expect(found).toBeGreaterThan(5000)
})

test('of 200 links every one of them was asked how it likes each name: few are looked at', () => {
  const links = Array.from({ length: 200 }, (_, i): LinkScript => {
    return { ifindex: i + 2, dns: ['10.2.2.1'], domains: [`~l${i}.test`], defaultRoute: false }
  })
  const { scopes } = new World({ links, dns: ['10.9.0.1'] })
  let asked = 0
  const counted = scopes.all.map((scope) => {
    const score = scope.score.bind(scope)
    return Object.assign(scope, { score: (...words: Parameters<typeof score>) => (asked++, score(...words)) })
  })
  const index = new RouteIndex(counted)
  const ids = (name: string) =>
    index.route({ name: nameOf(name), types: [TYPE.A], ifindex: 0, flags: FLAG.DNS }).map(({ plan }) => plan.id)
  expect([ids('www.l7.test'), ids('www.example'), ids('9.0.12.10.in-addr.arpa')]).toEqual([
    ['link 9'],
    ['global'],
    ['link 12'],
  ])
  expect(asked).toBeLessThan(20)
})

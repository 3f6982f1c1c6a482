import { describe, expect, test } from 'vitest'
import { CacheBudget, type CacheLimits, type CacheVariant, MovedNames, ScopeCache } from '../../../src/cache/index.ts'
import { IpAddress, type Seconds } from '../../../src/base/index.ts'
import { nameOf, parseMessage, parseType, type Question, RCODE } from '../../../src/wire/index.ts'
import { addressesIn, queryFor, replyFor, type ReplyParts } from '../../kit/messages.ts'

const ORIGIN = { server: '192.0.2.53', channel: 'udp', isConfidential: false, learntAt: 0 } as const
const A: ReplyParts = { answer: ['a.test 300 A 192.0.2.1'] }
const NXDOMAIN: ReplyParts = { rcode: RCODE.NXDOMAIN, authority: ['test 300 SOA ns.test admin.test 1 2 3 4 60'] }
const NODATA: ReplyParts = { authority: NXDOMAIN.authority ?? [] }

/** A cache asked and taught in words; the time is in seconds. */
class Cache {
  readonly cache: ScopeCache

  constructor(limits: Partial<CacheLimits> = {}) {
    this.cache = new ScopeCache({ maxEntries: 100, mode: 'yes', budget: new CacheBudget(1_000_000), ...limits })
  }

  learn(question: string, parts: ReplyParts, at: Seconds = 0, variant: CacheVariant = '') {
    const { name, type } = questionOf(question)
    const wire = replyFor(queryFor(name, { type: question.split(' ')[1] ?? 'A' }), parts)
    return this.cache.store({ name, type, class: 1 }, variant, wire, parseMessage(wire), ORIGIN, at * 1000)
  }

  /** What is known: `miss`, or rcode, names and types, and TTLs. */
  ask(question: string, at: Seconds = 0, variant: CacheVariant = '', mayRedirect = true): string {
    const hit = this.cache.lookup(questionOf(question), variant, mayRedirect, at * 1000)
    if (hit === undefined) return 'miss'
    const { rcode, answer } = parseMessage(hit.wire)
    return [rcode, ...answer.map(({ name, type, ttl }) => `${name}/${type}/${ttl}`)].join(' ')
  }
}

function questionOf(text: string): Question {
  const [name = '', type = 'A'] = text.split(' ')
  return { name: nameOf(name), type: parseType(type) as number, class: 1 }
}

describe('ScopeCache', () => {
  /** rule, what was learnt from whom, then question, at second, what is known. */
  const cases: readonly [string, readonly [string, ReplyParts][], string, Seconds, string][] = [
    ['R-CACHE-16: TTLs count down', [['a.test A', A]], 'a.test A', 100, '0 a.test/1/200'],
    ['R-CACHE-14: nothing outlives its TTL', [['a.test A', A]], 'a.test A', 300, 'miss'],
    ['R-CACHE-2: types are kept apart', [['a.test A', A]], 'a.test AAAA', 0, 'miss'],
    ['R-CACHE-2: NXDOMAIN answers all types', [['a.test A', NXDOMAIN]], 'a.test MX', 0, '3'],
    ['R-CACHE-2: but not names below', [['a.test A', NXDOMAIN]], 'b.a.test A', 0, 'miss'],
    ['R-CACHE-2: NODATA answers its own type alone', [['a.test A', NODATA]], 'a.test AAAA', 0, 'miss'],
    [
      'R-CACHE-13: the exact key before NXDOMAIN',
      [
        ['a.test A', A],
        ['a.test MX', NXDOMAIN],
      ],
      'a.test A',
      0,
      '0 a.test/1/300',
    ],
    [
      'R-CACHE-9: a name that exists again is no NXDOMAIN',
      [
        ['a.test MX', NXDOMAIN],
        ['a.test A', A],
      ],
      'a.test MX',
      0,
      'miss',
    ],
    [
      'R-CACHE-9: the new answer replaces the old',
      [
        ['a.test A', A],
        ['a.test A', NODATA],
      ],
      'a.test A',
      0,
      '0',
    ],
    [
      'R-CACHE-9: also when it cannot be kept',
      [
        ['a.test A', A],
        ['a.test A', {}],
      ],
      'a.test A',
      0,
      'miss',
    ],
    [
      'R-CACHE-9: TTL 0 removes what was known',
      [
        ['a.test A', A],
        ['a.test A', { answer: ['a.test 0 A 192.0.2.9'] }],
      ],
      'a.test A',
      0,
      'miss',
    ],
    ['R-CACHE-8: a failure', [['a.test A', { rcode: RCODE.SERVFAIL }]], 'a.test A', 9, '2'],
    [
      'R-CACHE-13: a CNAME that was asked for leads other types',
      [['a.test CNAME', { answer: ['a.test 60 CNAME b.test'] }]],
      'a.test MX',
      0,
      '0 a.test/5/60',
    ],
    [
      'R-CACHE-13: but not those that stay',
      [['a.test CNAME', { answer: ['a.test 60 CNAME b.test'] }]],
      'a.test NSEC',
      0,
      'miss',
    ],
    ['R-CACHE-13: no CNAME at all leads nowhere', [['a.test CNAME', NODATA]], 'a.test MX', 0, 'miss'],
    [
      'R-CACHE-13: a DNAME says nothing to the names below, however it was asked for',
      [['old.test DNAME', { answer: ['old.test 60 DNAME new.test'] }]],
      'x.y.old.test A',
      0,
      'miss',
    ],
    [
      'R-CACHE-13: but not itself',
      [['old.test DNAME', { answer: ['old.test 60 DNAME new.test'] }]],
      'old.test A',
      0,
      'miss',
    ],
    ['R-CACHE-13: no DNAME at all leads nowhere', [['old.test DNAME', NODATA]], 'x.old.test A', 0, 'miss'],
    [
      'R-CACHE-4: what came along is kept in the answer to the question alone',
      [['a.test A', { answer: ['a.test 30 CNAME b.test', 'b.test 90 A 192.0.2.1'] }]],
      'b.test A',
      0,
      'miss',
    ],
    [
      'R-CACHE-5: and the whole chain for the shortest',
      [['a.test A', { answer: ['a.test 90 CNAME b.test', 'b.test 30 A 192.0.2.1'] }]],
      'a.test A',
      31,
      'miss',
    ],
    [
      'R-CACHE-6: what came along never replaces an answer to the question itself',
      [
        ['b.test A', { answer: ['b.test 300 A 192.0.2.1'] }],
        ['a.test A', { answer: ['a.test 90 CNAME b.test', 'b.test 30 A 192.0.2.2'] }],
      ],
      'b.test A',
      0,
      '0 b.test/1/300',
    ],
    [
      'R-CACHE-4: nothing of authority and additional is kept on its own',
      [['a.test A', { ...A, authority: ['test 300 NS ns.test'], additional: ['ns.test 300 A 192.0.2.53'] }]],
      'ns.test A',
      0,
      'miss',
    ],
  ]

  test.each(cases)('%s', (_rule, replies, question, at, expected) => {
    const cache = new Cache()
    for (const [asked, parts] of replies) cache.learn(asked, parts)
    expect(cache.ask(question, at)).toBe(expected)
  })

  test('R-CACHE-13: with NO_CNAME a CNAME is no answer', () => {
    const cache = new Cache()
    cache.learn('a.test A', { answer: ['a.test 60 CNAME b.test'] })
    expect(cache.ask('a.test MX', 0, '', false)).toBe('miss')
  })

  test('R-CACHE-17: answers of another shape are kept apart', () => {
    const cache = new Cache()
    cache.learn('a.test A', A, 0, 'do')
    expect([cache.ask('a.test A'), cache.ask('a.test A', 0, 'proxy'), cache.ask('a.test A', 0, 'do')]).toEqual([
      'miss',
      'miss',
      '0 a.test/1/300',
    ])
  })

  test.each([
    ['R-CACHE-10: Cache=no', { mode: 'no' }, ['miss', 'miss', 'miss']],
    ['R-CACHE-10: Cache=no-negative', { mode: 'no-negative' }, ['0 a.test/1/300', 'miss', 'miss']],
    ['R-CACHE-3: no room', { maxEntries: 0 }, ['miss', 'miss', 'miss']],
  ] as const)('%s', (_rule, limits, expected) => {
    const cache = new Cache(limits)
    cache.learn('a.test A', A)
    cache.learn('b.test A', NXDOMAIN)
    cache.learn('c.test A', { rcode: RCODE.SERVFAIL })
    expect([cache.ask('a.test'), cache.ask('b.test'), cache.ask('c.test')]).toEqual(expected)
  })

  test('R-CACHE-3: the size is bounded, whatever comes', () => {
    const cache = new Cache({ maxEntries: 10 })
    for (let i = 0; i < 50; i++) cache.learn(`n${i}.test A`, { answer: [`n${i}.test 300 A 192.0.2.1`] })
    expect(cache.cache.size).toBe(10)
    expect(cache.ask('n49.test A')).not.toBe('miss')
  })

  test('an entry is current until it is replaced, evicted, expired or flushed', () => {
    const cache = new Cache({ maxEntries: 2 })
    const replaced = cache.learn('a.test A', A)
    const evicted = cache.learn('a.test A', A)
    expect([replaced?.isCurrent, evicted?.isCurrent]).toEqual([false, true])
    cache.learn('b.test A', { answer: ['b.test 1 A 192.0.2.1'] })
    const flushed = cache.learn('c.test A', { answer: ['c.test 1 A 192.0.2.1'] })
    expect(evicted?.isCurrent).toBe(false)
    expect(cache.ask('b.test A', 1)).toBe('miss')
    cache.cache.flush()
    expect([flushed?.isCurrent, cache.cache.size]).toEqual([false, 0])
  })

  test('what is purged by name is gone, NXDOMAIN and chain links included', () => {
    const cache = new Cache()
    cache.learn('a.corp.test A', NXDOMAIN)
    cache.learn('b.test A', { answer: ['b.test 60 CNAME c.corp.test', 'c.corp.test 60 A 192.0.2.1'] })
    cache.cache.purge(within('corp.test'))
    expect([cache.ask('a.corp.test'), cache.ask('c.corp.test'), cache.ask('b.test')]).toEqual([
      'miss',
      'miss',
      '0 b.test/5/60 c.corp.test/1/60',
    ])
  })

  test('dumps show what is live, by kind', () => {
    const cache = new Cache()
    cache.learn('a.test A', A)
    cache.learn('b.test A', NODATA)
    cache.learn('c.test A', NXDOMAIN)
    cache.learn('d.test A', { rcode: RCODE.SERVFAIL })
    const kinds = (at: Seconds) =>
      Array.from(cache.cache.rows(at * 1000))
        .map(({ question, kind }) => `${question.name} ${kind}`)
        .toSorted()
    expect(kinds(0)).toEqual(['a.test positive', 'b.test nodata', 'c.test nxdomain', 'd.test failure'])
    expect(kinds(61)).toEqual(['a.test positive'])
  })

  test('hits and misses are counted', () => {
    const cache = new Cache()
    cache.ask('a.test')
    cache.learn('a.test A', A)
    cache.ask('a.test')
    cache.ask('A.TEST')
    expect([cache.cache.hits, cache.cache.misses]).toEqual([2, 1])
  })

  test('what is cached is not changed by those who read it', () => {
    const cache = new Cache()
    cache.learn('a.test A', A)
    cache.cache.lookup(questionOf('a.test'), '', true, 0)?.wire.fill(0, 12)
    expect(addressesIn(parseMessage(cache.cache.lookup(questionOf('a.test'), '', true, 0)!.wire))).toEqual([
      '192.0.2.1',
    ])
  })
})

describe('a flood of new names', () => {
  const learn = (cache: Cache, name: string, at: Seconds = 0, ttl = 300) =>
    cache.learn(`${name} A`, { answer: [`${name} ${ttl} A 192.0.2.1`] }, at)
  const flood = (cache: Cache, count: number, at: Seconds, parts: (name: string) => ReplyParts) => {
    for (let i = 0; i < count; i++) cache.learn(`x${i}-${at}.flood.test A`, parts(`x${i}-${at}.flood.test`), at)
  }
  const positive = (name: string): ReplyParts => ({ answer: [`${name} 300 A 192.0.2.66`] })
  const denied = (): ReplyParts => NXDOMAIN
  const large = (name: string): ReplyParts => ({
    answer: Array.from({ length: 100 }, (_, i) => `${name} 300 A 192.0.2.${i}`),
  })
  /** How many of `n0.test` to `n49.test` are known. */
  const known = (cache: Cache, at: Seconds) =>
    Array.from({ length: 50 }, (_, i) => cache.ask(`n${i}.test A`, at)).filter((line) => line !== 'miss').length
  const inUse = (limits: Partial<CacheLimits> = {}) => {
    const cache = new Cache(limits)
    for (let i = 0; i < 50; i++) learn(cache, `n${i}.test`)
    expect(known(cache, 2)).toBe(50)
    return cache
  }

  test.each<[string, (name: string) => ReplyParts]>([
    ['addresses', positive],
    ['NXDOMAIN', denied],
    ['large answers', large],
  ])('%s that nobody asks for again push out only each other', (_what, parts) => {
    const cache = inUse({ budget: new CacheBudget(50_000) })
    flood(cache, 1000, 3, parts)
    expect([known(cache, 4), cache.cache.size <= 100]).toEqual([50, true])
  })

  test('nor do they push out what was asked for again, expired, and came anew', () => {
    const cache = inUse()
    flood(cache, 1000, 200, positive)
    expect(known(cache, 300)).toBe(0)
    for (let i = 0; i < 50; i++) learn(cache, `n${i}.test`, 300)
    flood(cache, 1000, 300, positive)
    expect(known(cache, 300)).toBe(50)
  })

  test('what the first client asks beside it, within a second, is no further use', () => {
    const cache = inUse()
    for (let i = 0; i < 1000; i++) {
      cache.learn(`x${i}.flood.test A`, NXDOMAIN, 3)
      expect(cache.ask(`x${i}.flood.test AAAA`, 3.9)).toBe('3')
    }
    expect(known(cache, 4)).toBe(50)
  })

  test('a quarter is left to new names, also where everything else is asked for again and again', () => {
    const cache = new Cache()
    for (let i = 0; i < 400; i++) {
      learn(cache, `m${i}.test`, 2 * i, 7200)
      for (let j = Math.max(0, i - 100); j < i; j++) cache.ask(`m${j}.test A`, 2 * i)
    }
    const alive = Array.from({ length: 400 }, (_, i) => cache.ask(`m${i}.test A`, 800)).map((line) => line !== 'miss')
    expect(alive.slice(-25)).toEqual(Array.from({ length: 25 }, () => true))
    expect(cache.cache.size).toBe(100)
  })

  test('what was in use once, and is not any more, goes in the end', () => {
    const cache = inUse()
    for (let i = 0; i < 400; i++) {
      learn(cache, `m${i}.test`, 3 + 2 * i, 7200)
      cache.ask(`m${i}.test A`, 5 + 2 * i)
    }
    expect(known(cache, 10)).toBe(0)
  })
})

describe('memory', () => {
  const text = (size: number) => `"${'x'.repeat(200)}" `.repeat(size / 200)
  const learnTxt = (cache: Cache, name: string, size: number) =>
    cache.learn(`${name} TXT`, { answer: [`${name} 300 TXT ${text(size)}`] })

  test('bytes are bounded over all scopes together, and the one that holds most gives way', () => {
    const budget = new CacheBudget(100_000)
    const [busy, quiet] = [new Cache({ budget, maxEntries: 1000 }), new Cache({ budget })]
    quiet.learn('a.test A', A)
    for (let i = 0; i < 500; i++) learnTxt(busy, `n${i}.test`, 1000)
    expect(budget.used).toBeLessThanOrEqual(100_000)
    expect([quiet.ask('a.test A'), busy.ask('n0.test TXT'), busy.ask('n499.test TXT')]).toEqual([
      '0 a.test/1/300',
      'miss',
      '0 n499.test/16/300',
    ])
    for (let i = 0; i < 60; i++) learnTxt(quiet, `q${i}.test`, 1000)
    expect([budget.used <= 100_000, quiet.cache.size > 25, busy.cache.size > 25]).toEqual([true, true, true])
  })

  test('an answer larger than a sixteenth of all is not kept, and the one before it goes (R-CACHE-9)', () => {
    const cache = new Cache({ budget: new CacheBudget(32_000) })
    learnTxt(cache, 'a.test', 200)
    expect(learnTxt(cache, 'a.test', 4000)).toBeUndefined()
    expect(cache.ask('a.test TXT')).toBe('miss')
  })

  test('what is flushed, replaced or expired is given back', () => {
    const budget = new CacheBudget(100_000)
    const cache = new Cache({ budget })
    cache.learn('a.test A', A)
    const one = budget.used
    cache.learn('a.test A', A)
    cache.learn('b.test A', { answer: ['b.test 1 A 192.0.2.1'] })
    cache.ask('b.test A', 2)
    expect(budget.used).toBe(one)
    cache.cache.flush()
    expect(budget.used).toBe(0)
  })
})

function within(domain: string): MovedNames {
  const moved = new MovedNames()
  moved.add([nameOf(domain)], [])
  return moved
}

describe('purge of many names', () => {
  const fill = (cache: Cache, zone: string, count: number) => {
    for (let i = 0; i < count; i++) cache.learn(`n${i}.${zone} A`, { answer: [`n${i}.${zone} 300 A 192.0.2.1`] })
  }
  const large = () => {
    const cache = new Cache({ maxEntries: 5000, budget: new CacheBudget(10_000_000) })
    fill(cache, 'corp.test', 1500)
    fill(cache, 'a.test', 500)
    return cache
  }

  test('none is found or current after it, by any lookup', () => {
    const cache = large()
    const moved = cache.learn('x.corp.test A', { answer: ['x.corp.test 300 A 192.0.2.1'] })
    const other = cache.learn('x.a.test A', { answer: ['x.a.test 300 A 192.0.2.1'] })
    cache.cache.staleRetention = 1_000_000
    cache.cache.purge(within('corp.test'))
    expect([moved?.isCurrent, other?.isCurrent]).toEqual([false, true])
    expect(cache.cache.peek(questionOf('n1.corp.test A'), '', true, 0)).toBeUndefined()
    expect(cache.cache.stale(questionOf('n2.corp.test A'), 300_000)).toBeUndefined()
    expect(Array.from(cache.cache.rows(0)).filter(({ question }) => question.name.endsWith('corp.test'))).toEqual([])
    expect([cache.ask('n3.corp.test A'), cache.ask('n3.a.test A')]).toEqual(['miss', '0 n3.a.test/1/300'])
  })

  test('what is learnt afterwards stays, and what passed one test has to pass the next', () => {
    const cache = large()
    cache.cache.purge(within('corp.test'))
    cache.learn('n1.corp.test A', { answer: ['n1.corp.test 300 A 192.0.2.9'] })
    expect(cache.ask('n1.corp.test A')).toBe('0 n1.corp.test/1/300')
    expect(cache.ask('n1.a.test A')).toBe('0 n1.a.test/1/300')
    cache.cache.purge(within('a.test'))
    expect([cache.ask('n1.a.test A'), cache.ask('n2.a.test A'), cache.ask('n1.corp.test A')]).toEqual([
      'miss',
      'miss',
      '0 n1.corp.test/1/300',
    ])
  })

  test('links that came 1,025 times made it forget everything: names of others are still there, and what moved is not', () => {
    const cache = large()
    for (let i = 0; i < 5000; i++) cache.cache.purge(within(`zone${i % 200}.test`))
    expect([cache.ask('n1.a.test A'), cache.ask('n2.a.test A')]).toEqual(['0 n1.a.test/1/300', '0 n2.a.test/1/300'])
    cache.cache.purge(within('a.test'))
    for (let i = 0; i < 5000; i++) cache.cache.purge(within(`zone${i % 200}.test`))
    expect([cache.ask('n1.a.test A'), cache.ask('n3.a.test A')]).toEqual(['miss', 'miss'])
    expect(cache.ask('n1.corp.test A')).toBe('0 n1.corp.test/1/300')
  })

  test('domains that move without end take no memory without end: it forgets everything', () => {
    const cache = large()
    const domains = (count: number) => Array.from({ length: count }, (_, i) => nameOf(`zone${i}.test`))
    const moved = new MovedNames()
    moved.add(domains(65_536), [])
    cache.cache.purge(moved)
    expect(cache.ask('n1.a.test A')).toBe('0 n1.a.test/1/300')
    cache.cache.purge(within('one-more.test'))
    expect([cache.ask('n2.a.test A'), cache.cache.size]).toEqual(['miss', 0])
  })

  test.each([
    ['an IPv4 network', '192.0.2.0', 24, '7.2.0.192.in-addr.arpa', '7.3.0.192.in-addr.arpa'],
    ['one that ends within a byte', '10.17.0.0', 12, '1.0.31.10.in-addr.arpa', '1.0.32.10.in-addr.arpa'],
    ['all of IPv4', '0.0.0.0', 0, '7.2.0.192.in-addr.arpa', `${'0.'.repeat(32)}ip6.arpa`],
    ['an IPv6 network', '2001:db8::', 32, `${'0.'.repeat(24)}8.b.d.0.1.0.0.2.ip6.arpa`, `${'0.'.repeat(32)}ip6.arpa`],
  ])('names of addresses move with %s', (_, address, prefixLength, inside, outside) => {
    const cache = new Cache()
    for (const name of [inside, outside]) cache.learn(`${name} PTR`, { answer: [`${name} 300 PTR a.test`] })
    const moved = new MovedNames()
    moved.add([], [{ address: IpAddress.of(address), prefixLength }])
    cache.cache.purge(moved)
    expect([cache.ask(`${inside} PTR`), cache.ask(`${outside} PTR`)]).toEqual(['miss', `0 ${outside}/12/300`])
  })

  test('the root moves with all names, and the latest of two changes counts', () => {
    const cache = large()
    cache.cache.purge(within('a.test'))
    cache.learn('n1.a.test A', { answer: ['n1.a.test 300 A 192.0.2.9'] })
    cache.cache.purge(within('corp.test'))
    expect(cache.ask('n1.a.test A')).toBe('0 n1.a.test/1/300')
    cache.cache.purge(within('.'))
    expect([cache.ask('n1.a.test A'), cache.ask('n1.corp.test A')]).toEqual(['miss', 'miss'])
  })

  test('a flush after it leaves nothing standing', () => {
    const cache = large()
    const basis = cache.learn('x.a.test A', { answer: ['x.a.test 300 A 192.0.2.1'] })
    cache.cache.purge(within('corp.test'))
    cache.cache.flush()
    expect(basis?.isCurrent).toBe(false)
  })
})

test('errors without a question are shown under the name they were learnt for', () => {
  const cache = new Cache()
  const failure = Buffer.from([0, 1, 0x81, 0x82, 0, 0, 0, 0, 0, 0, 0, 0])
  cache.cache.store(questionOf('a.test MX'), '', failure, parseMessage(failure), ORIGIN, 0)
  expect(Array.from(cache.cache.rows(0), ({ question, kind }) => ({ ...question, kind }))).toEqual([
    { name: 'a.test', type: 15, class: 1, kind: 'failure' },
  ])
})

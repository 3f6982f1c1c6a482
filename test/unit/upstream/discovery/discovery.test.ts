import { expect, test } from 'vitest'
import { type Channel, IpAddress } from '../../../../src/base/index.ts'
import { Discovery } from '../../../../src/upstream/discovery/index.ts'
import { parseMessage, questionText, RCODE, TC } from '../../../../src/wire/index.ts'
import { queryFor, replyFor, type ReplyParts } from '../../../kit/messages.ts'

const by = { address: IpAddress.of('192.0.2.1'), ifindex: 3 }
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const one = (ttl = 3600, address = '192.0.2.1') => ({
  answer: [`_dns.resolver.arpa ${ttl} SVCB 1 one.test alpn=dot ipv4hint=${address}`],
})

/** Asks, with `verified` as the channel that works, and gives the reply; what was asked, and over which channel. */
function step(discovery: Discovery, parts: ReplyParts | 'silence', now: number, verified?: Channel): string {
  expect(discovery.isDue(now)).toBe(true)
  const { question, channel } = discovery.ask(verified)
  expect(discovery.isDue(now)).toBe(false)
  if (parts === 'silence') discovery.onFailure(now)
  else {
    const wire = replyFor(queryFor(question.name, { type: `TYPE${question.type}` }), parts)
    discovery.onReply(wire, (parts.flags ?? 0) & TC ? undefined : parseMessage(wire), now)
  }
  return `${questionText(question)} ${channel}`
}

test('asks at once, and again after four fifths of the TTL', () => {
  const discovery = new Discovery(by)
  expect(step(discovery, one(3600), 0)).toBe('_dns.resolver.arpa IN SVCB udp')
  expect(discovery.designated?.endpoint.address.text).toBe('192.0.2.1')
  expect(discovery.description).toBe('designates one.test at 192.0.2.1 port 853 for DNS over TLS')
  expect(discovery.isDue(0.79 * HOUR)).toBe(false)
  expect(discovery.isDue(0.81 * HOUR)).toBe(true)
})

test.each([
  ['a minute at least', 0, 0.8 * MINUTE],
  ['a day at most', 10_000_000, 0.8 * 24 * HOUR],
])('holds %s', (_, ttl, at) => {
  const discovery = new Discovery(by)
  step(discovery, one(ttl), 0)
  expect(discovery.dueAt).toBeCloseTo(at)
})

test('a server that designates nobody is asked again after an hour', () => {
  for (const parts of [{}, { rcode: RCODE.NXDOMAIN }]) {
    const discovery = new Discovery(by)
    step(discovery, parts, 0)
    expect([discovery.state, discovery.designated, discovery.dueAt]).toEqual([
      'designates nobody',
      undefined,
      0.8 * HOUR,
    ])
  }
})

test('no usable answer: again after ten seconds, then twice as long each time, up to an hour', () => {
  const discovery = new Discovery(by)
  let now = 0
  const pauses: number[] = []
  for (let i = 0; i < 12; i++) {
    step(discovery, i % 2 === 0 ? 'silence' : { rcode: RCODE.SERVFAIL }, now)
    pauses.push(discovery.dueAt - now)
    now = discovery.dueAt
  }
  expect(pauses.slice(0, 4)).toEqual([10_000, 20_000, 40_000, 80_000])
  expect(pauses.at(-1)).toBe(HOUR)
  expect(discovery.state).toBe('no answer')
})

test('a truncated reply is asked for by TCP', () => {
  const discovery = new Discovery(by)
  expect(step(discovery, { flags: TC }, 0)).toContain('udp')
  expect(step(discovery, one(), 0)).toContain('tcp')
  expect(discovery.state).toBe('designated')
})

test('an alias, then an address: three questions at most', () => {
  const discovery = new Discovery(by)
  expect(step(discovery, { answer: ['_dns.resolver.arpa 60 SVCB 0 other.test'] }, 0)).toBe(
    '_dns.resolver.arpa IN SVCB udp',
  )
  expect(step(discovery, { answer: ['other.test 600 SVCB 1 one.test alpn=dot'] }, 0)).toBe('other.test IN SVCB udp')
  expect(step(discovery, { answer: ['one.test 60 A 192.0.2.9'] }, 0)).toBe('one.test IN A udp')
  expect(discovery.designated?.endpoint.address.text).toBe('192.0.2.9')
  const loop = new Discovery(by)
  for (let i = 0; i < 3; i++) {
    const name = ['_dns.resolver.arpa', 'a1.test', 'a2.test'][i]
    step(loop, { answer: [`${name} 60 SVCB 0 a${i + 1}.test`] }, 0)
  }
  expect([loop.state, loop.isDue(0)]).toEqual(['designates nobody', false])
})

test('E-DDR-3: what is not verified is not used while its records hold, and the next one is tried', () => {
  const discovery = new Discovery(by)
  step(discovery, one(3600, '192.0.2.8,192.0.2.9'), 0)
  expect(discovery.onRejected('certificate of 192.0.2.8 is for x, not for 192.0.2.1')).toBe(true)
  expect(discovery.designated?.endpoint.address.text).toBe('192.0.2.9')
  expect(discovery.onRejected('certificate of 192.0.2.9 expired')).toBe(true)
  expect([discovery.state, discovery.designated, discovery.isDue(0.5 * HOUR)]).toEqual([
    'not verified',
    undefined,
    false,
  ])
  expect(discovery.description).toContain('that is not used: certificate of 192.0.2.9 expired')
  step(discovery, one(3600, '192.0.2.9'), HOUR)
  expect(discovery.onRejected('certificate of 192.0.2.9 expired')).toBe(false) // told already
})

test('what is in use stays the same object when it is named again, also behind others', () => {
  const discovery = new Discovery(by)
  step(discovery, one(3600, '192.0.2.9'), 0)
  const used = discovery.designated
  step(discovery, one(3600, '192.0.2.1,192.0.2.9'), HOUR)
  expect(discovery.designated).toBe(used)
  step(discovery, {}, 2 * HOUR)
  expect(discovery.designated).toBeUndefined()
})

test('E-DDR-6: a lost renewal costs nothing before the records expire, and what was found after that', () => {
  const discovery = new Discovery(by)
  step(discovery, one(3600), 0)
  step(discovery, 'silence', 0.9 * HOUR)
  expect(discovery.designated).toBeDefined()
  step(discovery, 'silence', 1.1 * HOUR)
  expect(discovery.designated).toBeUndefined()
})

test.each<[string, ReplyParts | 'silence']>([
  ['names nobody', {}],
  ['has no such name', { rcode: RCODE.NXDOMAIN }],
  ['gives an error', { rcode: RCODE.SERVFAIL }],
  ['gives a truncated reply', { flags: TC }],
  ['is silent', 'silence'],
])('E-DDR-6: asked over the verified channel; where that %s, in plaintext at once', (_, parts) => {
  const discovery = new Discovery(by)
  expect(step(discovery, one(), 0)).toBe('_dns.resolver.arpa IN SVCB udp')
  const used = discovery.designated
  expect(step(discovery, parts, HOUR, 'tls')).toBe('_dns.resolver.arpa IN SVCB tls')
  expect(discovery.designated).toBe(used)
  expect(step(discovery, one(), HOUR, 'tls')).toBe('_dns.resolver.arpa IN SVCB udp')
  expect([discovery.designated, discovery.isDue(1.5 * HOUR)]).toEqual([used, false])
  expect(step(discovery, one(), 2 * HOUR, 'tls')).toBe('_dns.resolver.arpa IN SVCB tls')
  expect([discovery.designated, discovery.isDue(2.5 * HOUR)]).toEqual([used, false])
})

test('E-DDR-6: neither channel answers: a pause, and the verified one again', () => {
  const discovery = new Discovery(by)
  step(discovery, one(), 0)
  const asked = [0, 0, 10_000, 10_000].map((after) =>
    step(discovery, 'silence', HOUR + after, 'https')
      .split(' ')
      .at(-1),
  )
  expect(asked).toEqual(['https', 'udp', 'https', 'udp'])
  expect(discovery.dueAt).toBe(HOUR + 10_000 + 20_000)
})

test('E-DDR-6: what the verified channel says leads to is asked over it as well', () => {
  const discovery = new Discovery(by)
  step(discovery, one(), 0)
  expect(step(discovery, { answer: ['_dns.resolver.arpa 60 SVCB 1 one.test alpn=dot'] }, HOUR, 'tls')).toContain('tls')
  expect(step(discovery, { answer: ['one.test 60 A 192.0.2.9'] }, HOUR, 'tls')).toBe('one.test IN A tls')
  expect(discovery.designated?.endpoint.address.text).toBe('192.0.2.9')
})

test('on another network nothing is known', () => {
  const discovery = new Discovery(by)
  step(discovery, one(), 0)
  discovery.reset()
  expect([discovery.designated, discovery.state, discovery.isDue(0)]).toEqual([undefined, 'not asked yet', true])
})

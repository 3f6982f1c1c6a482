import { expect, test } from 'vitest'
import { type LinkView, Meter, openMetricsText } from '../../src/observe/index.ts'
import { TransactionCounts } from '../../src/scope/index.ts'
import { parseMetricsListen } from '../../src/settings/index.ts'
import { RCODE } from '../../src/wire/index.ts'
import { World } from '../kit/world.ts'

test('OpenMetrics: families, labels, cumulative buckets and the end mark', async () => {
  const world = new World({ links: [{ ifindex: 2, name: 'a"b', dns: ['10.2.0.1'] }] })
  const meter = new Meter(world.resolver.watchers, Object.assign(new TransactionCounts(), { replays: 7 }), world.clock)
  world.serve('*', ({ question: { name } }) => ({ after: 3, reply: { answer: [`${name} 60 A 192.0.2.1`] } }))
  await world.ask('www.test')
  await world.ask('mail.test')
  const text = openMetricsText(meter, [])
  expect(text).toContain('# TYPE tsresolved_questions counter\n')
  expect(text).toContain('tsresolved_questions_total{source="network"} 2\n')
  expect(text).toContain('tsresolved_replays_total 7\n')
  expect(text).toContain(String.raw`tsresolved_scope_questions_total{scope="link 2 (a\"b)"} 2`)
  const buckets = [...text.matchAll(/server_round_trip_seconds_bucket\{.*le="([^"]+)"\} (\d+)/g)].map(
    ([, le, n]) => `${le} ${n}`,
  )
  expect(buckets.slice(0, 4)).toEqual(['0.001 0', '0.002 0', '0.005 2', '0.01 2'])
  expect(buckets.at(-1)).toBe('+Inf 2')
  expect(text).toMatch(/server_round_trip_seconds_count\{.*\} 2\n/)
  expect(text.endsWith('# EOF\n')).toBe(true)
})

test('questions refused for lack of places were counted nowhere', async () => {
  const world = new World({ links: [{ ifindex: 2, dns: ['10.2.0.1'] }] })
  const counts = new TransactionCounts()
  const meter = new Meter(world.resolver.watchers, counts, world.clock)
  world.serve('*', () => 'silence')
  for (let i = 0; i < 1024; i++) void world.ask(`n${i}.test`)
  await world.clock.advance(0)
  expect(meter.refusals.count).toBe(0)
  const now = world.clock.wall()
  const [first, second] = [world.ask('one.test'), world.ask('another.test')]
  expect([(await first).rcode, (await second).rcode]).toEqual([RCODE.SERVFAIL, RCODE.SERVFAIL])
  expect(meter.refusals).toEqual({ count: 2, latestAt: now })
  expect(openMetricsText(meter, [])).toContain('tsresolved_refused_questions_total 2\n')
  counts.reset() // as reset-statistics does
  expect(meter.refusals).toEqual({ count: 0, latestAt: undefined })
})

test('of encrypted servers: version and verified name, age of the connection, handshakes, resumptions and failures', () => {
  const world = new World({
    links: [{ ifindex: 2, name: 'lan', dns: ['10.2.0.1#dns.test'] }],
    settings: { dnsOverTls: 'yes' },
  })
  const [report] = world.scopes.ofLink(2)?.servers(0) ?? []
  if (report?.encryption === undefined) throw new Error('strict')
  const open = {
    state: 'works',
    version: 'TLSv1.3',
    verifiedAs: 'dns.test',
    isOpen: true,
    age: 1500,
    handshakes: 3,
    resumptions: 2,
    failures: 1,
  } as const
  const encryption = { ...report.encryption, ...open }
  const link = { scope: 'link 2 (lan)', servers: [{ ...report, encryption }] } as unknown as LinkView
  const meter = new Meter(world.resolver.watchers, new TransactionCounts(), world.clock)
  const lines = openMetricsText(meter, [link])
    .split('\n')
    .filter((line) => line.startsWith('tsresolved_server_') && line.includes('10.2.0.1'))
  const labels = 'scope="link 2 (lan)",server="10.2.0.1%lan"'
  for (const line of [
    `tsresolved_server_handshakes_total{${labels}} 3`,
    `tsresolved_server_resumptions_total{${labels}} 2`,
    `tsresolved_server_encryption_failures_total{${labels}} 1`,
    `tsresolved_server_encrypted{${labels}} 1`,
    `tsresolved_server_connection{${labels},channel="tls",version="TLSv1.3",verified_as="dns.test"} 1`,
    `tsresolved_server_connection_age_seconds{${labels}} 1.5`,
  ])
    expect(lines).toContain(line)
})

test.each([
  ['no', { kind: 'off' }],
  ['yes', { kind: 'usual' }],
  ['/run/x', { kind: 'path', path: '/run/x' }],
  ['127.0.0.1:9153', { kind: 'address', port: 9153 }],
  ['[::1]:9153', { kind: 'address', port: 9153 }],
])('MetricsListen=%s', (text, listen) => expect(parseMetricsListen(text)).toMatchObject(listen))

test.each(['127.0.0.1', 'maybe', 'relative/path', '127.0.0.1:0'])('MetricsListen=%s is refused', (text) => {
  expect(() => parseMetricsListen(text)).toThrow()
})

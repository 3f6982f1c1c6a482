import { expect, test } from 'vitest'
import { Meter, openMetricsText } from '../../src/observe/index.ts'
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

import type { IpProtocol } from '../../src/base/index.ts'
import { describe, expect, test } from 'vitest'
import { MAX_DESCRIPTORS, play, type Row } from './chaos/cell.ts'
import { bearable, type Fault, faults } from './chaos/faults.ts'
import { original } from './kit/lab.ts'

/**
 * What can go wrong with the preferred server, for clients over UDP and TCP, with one, two and three servers. The whole
 * table takes long: `TSRESOLVED_CHAOS=full`. `TSRESOLVED_CHAOS_ROWS=file` writes the figures down, of the original too.
 */
const isFull = process.env['TSRESOLVED_CHAOS'] === 'full'

type Cell = readonly [Fault, 1 | 2 | 3, IpProtocol]
const transports = ['udp', 'tcp'] as const
const all: Cell[] = faults.flatMap((fault) =>
  ([1, 2, 3] as const).flatMap((servers) => transports.map((transport) => [fault, servers, transport] as const)),
)
/** Every fault once with two or three servers, and what differs with one. */
const some: Cell[] = [
  ...faults.map((fault, i) => [fault, i % 4 === 2 ? 3 : 2, i % 3 === 1 ? 'tcp' : 'udp'] as const),
  ...(['blackhole', 'loss30', 'no-edns', 'aaaa-hole', 'heals-after-3s'] as const).map(
    (fault) => [fault, 1, 'udp'] as const,
  ),
]

/** What is learnt of a server makes us so many times as patient with it as its answers took; with connections, four times that. */
const PATIENCE = 1.5

/**
 * Milliseconds that nearly all lookups may take under this fault, where there is another server. `slowest` is what one
 * took before the fault, or from the cache meanwhile: this machine may be busy. The exact figures are those of server-choice.test.ts.
 */
function allowed(fault: Fault, slowest: number): number {
  return whenIdle(fault, slowest) + (1 + PATIENCE) * slowest
}

function whenIdle(fault: Fault, slowest: number): number {
  if (fault === 'loss10' || fault === 'loss30') return 700
  if (fault === 'delay600') return 800 // slow, but alive: it stays the preferred one
  if (fault === 'tcp-silent' || fault === 'tcp-blackhole')
    return 300 + Math.min(2000, Math.max(400, 4 * PATIENCE * slowest)) // a connection gets longer to say nothing
  return fault === 'delay300' || fault === 'heals-after-3s' ? 400 : 300
}

/** Messages to all servers together that the questions may cost. One that a busy machine delayed is asked again, rightly. */
function mostMessages({ fault, servers, under }: Row): number {
  const each = fault === 'none' ? 1.1 : servers > 1 ? 4 : 12
  return under.sent * each + 2 * under.late
}

/** Every promise that was broken, in words. */
function broken(row: Row): string[] {
  const { fault, servers, warm, under, back = Infinity, plain, asked, messages, strays, descriptors } = row
  const hasOthers = servers > 1
  const limit = allowed(fault, Math.max(warm.max, under.slowestKnown))
  const isLossy = fault === 'loss10' || fault === 'loss30'
  const mustAnswer = hasOthers || (bearable.has(fault) && fault !== 'heals-after-3s')
  const promises: readonly [string, boolean][] = [
    ['right content', warm.wrong + under.wrong === 0],
    ['one reply per question, no more', warm.duplicates + under.duplicates === 0],
    ['one reply per question, no less', warm.unanswered + under.unanswered === 0],
    ['all answered while healthy', warm.good === warm.sent],
    [`all answered under the fault, not ${under.good} of ${under.sent}`, !mustAnswer || under.good === under.sent],
    [`p95 within ${limit} ms, not ${under.p95}`, !hasOthers || under.p95 <= limit],
    [`back in time, not after ${back} ms`, back <= (hasOthers ? 5000 : 2000)],
    ['the preferred server is asked while healthy', fault !== 'none' || asked + 2 * under.late >= under.sent * 0.995],
    [`loss is no want of EDNS, ${plain} of ${asked} went without`, !isLossy || plain < asked / 2],
    [`no hammering, ${messages} messages for ${under.sent} questions`, messages <= mostMessages(row)],
    ['no name on a wrong link', strays === 0],
    ['no growth', descriptors < MAX_DESCRIPTORS],
  ]
  return promises.filter(([, isKept]) => !isKept).map(([promise]) => promise)
}

/** The original is only measured. */
describe('the preferred server', () => {
  test.each(isFull ? all : some)('%s, %s servers, clients over %s', async (fault, servers, transport) => {
    const row = await play(fault, servers, transport)
    expect(original ? [] : broken(row)).toEqual([])
  })
})

import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { repliesKept } from '../../../src/app/front-ends.ts'
import type { CachedAnswer } from '../../../src/cache/index.ts'
import { AnswerMemo } from '../../../src/fastpath/index.ts'
import { parseMessage } from '../../../src/wire/index.ts'
import { addressesIn, type QueryOptions, queryFor, replyFor } from '../../kit/messages.ts'
import { SeededRandom } from '../../kit/seeded-random.ts'

interface Entry extends CachedAnswer {
  isCurrent: boolean
}

/** A memo with its dependencies and its routes, and a time. */
class Harness {
  readonly dependency = { isCurrent: true, noteReplay: () => {} }
  readonly routes = { version: 1, asked: [] as string[], leads: true }
  readonly replayCounter = { replays: 0 }
  readonly memo: AnswerMemo<string>
  isKnown = true

  constructor(capacity = 100) {
    const { routes, replayCounter } = this
    this.memo = new AnswerMemo({
      shared: { current: () => [this.dependency], revalidate: () => this.isKnown },
      routes: {
        get version() {
          return routes.version
        },
        leadTo: (_query, source) => {
          routes.asked.push(source)
          return routes.leads
        },
      },
      capacity,
      random: new SeededRandom(),
      replayCounter,
    })
  }

  /** Remembers a reply whose records live five minutes, stored at time 0. */
  learn(name: string, answer: readonly string[] = [`${name} 300 A 192.0.2.1`], options: QueryOptions = {}): Entry {
    const query = queryFor(name, options)
    const wire = replyFor(query, { answer })
    const entry = {
      wire,
      storedAt: 0,
      expiresAt: 300_000,
      replayableUntil: 270_000,
      isCurrent: true,
      noteReplay: () => {},
    }
    this.memo.remember(query, wire, { entry, source: name }, this.memo.snapshot(0), 0)
    return entry
  }

  replay(name: string, { at = 0, ...options }: QueryOptions & { at?: number } = {}): Buffer | undefined {
    const room = Buffer.alloc(5000, 0xee)
    const size = this.memo.replay(queryFor(name, options), undefined, at, room, 7)
    const isOutside = (_byte: number, i: number) => i < 7 || i >= 7 + size
    if (!room.filter(isOutside).every((byte) => byte === 0xee)) throw new Error('written beside its place')
    return size === 0 ? undefined : room.subarray(7, 7 + size)
  }
}

describe('what is replayed', () => {
  test('has the ID and the letter case of this query', () => {
    const harness = new Harness()
    harness.learn('www.a.test')
    const reply = harness.replay('WwW.a.TEST', { id: 0xabcd }) as Buffer
    expect(reply.readUInt16BE(0)).toBe(0xabcd)
    expect(reply.toString('latin1', 12, 24)).toBe('\x03WwW\x01a\x04TEST\0'.slice(0, 12))
    expect(addressesIn(parseMessage(reply))).toEqual(['192.0.2.1'])
    expect(harness.replayCounter.replays).toBe(1)
  })

  test.each([
    [0, 300],
    [999, 300],
    [1000, 299],
    [269_999, 31],
  ])('R-CACHE-16: after %i ms the TTL is %i', (at, ttl) => {
    const harness = new Harness()
    harness.learn('a.test', ['a.test 300 A 192.0.2.1', 'a.test 86400 AAAA 2001:db8::1'])
    const { answer } = parseMessage(harness.replay('a.test', { at }) as Buffer)
    const remaining = Math.floor((300_000 - at) / 1000)
    expect(answer.map((record) => record.ttl)).toEqual([Math.min(ttl, remaining), remaining])
  })

  test('R-CACHE-15: any address comes first, and all are there', () => {
    const harness = new Harness()
    const all = ['192.0.2.1', '192.0.2.2', '192.0.2.3']
    harness.learn(
      'a.test',
      all.map((address) => `a.test 300 A ${address}`),
    )
    const orders = new Set<string>()
    for (let i = 0; i < 60; i++) {
      const { answer } = parseMessage(harness.replay('a.test') as Buffer)
      orders.add(answer.map(({ rdata }) => rdata.join('.')).join())
    }
    expect(orders.size).toBe(6)
    for (const order of orders) expect(order.split(',').toSorted()).toEqual(all)
  })

  test('R-CACHE-15: addresses of different names stay where they are', () => {
    const harness = new Harness()
    harness.learn('a.test', ['a.test 300 A 192.0.2.1', 'a.test 300 A 192.0.2.2', 'b.test 300 A 192.0.2.3'])
    for (let i = 0; i < 30; i++) {
      const { answer } = parseMessage(harness.replay('a.test') as Buffer)
      expect(answer.map(({ name, rdata }) => `${name} ${rdata.join('.')}`)[2]).toBe('b.test 192.0.2.3')
    }
  })

  // Where one piece of memory ends exactly with a reply depends on all sizes before.
  test.each(Array.from({ length: 11 }, (_, i) => 8 * i))(
    'replies that fill the memory to the last byte: %i',
    (more) => {
      const harness = new Harness(50_000)
      harness.learn('first.test', [`a.test 300 TXT "${'x'.repeat(more)}"`])
      const large = ['a', 'b', 'c', 'd'].map((letter) => `a.test 300 TXT "${letter.repeat(250)}"`)
      for (let i = 0; i < 220; i++) harness.learn(`large${100 + i}.test`, large)
      for (let i = 0; i < 300; i++) harness.learn(`n${100 + i}.test`)
      for (let i = 0; i < 300; i++) expect(harness.replay(`n${100 + i}.test`)).toBeDefined()
    },
  )

  test('as many names as the cache holds: beyond half of them each answer from the cache cost four times as much', () => {
    const count = 4096
    const harness = new Harness(repliesKept({ dnsCacheSize: count, dnsCacheBytes: 32 * 2 ** 20 }))
    for (let i = 0; i < count; i++) harness.learn(`n${i}.bench.test`)
    const isReplayed = (i: number) => harness.replay(`n${(i * 1021) % count}.bench.test`) !== undefined
    expect(Array.from({ length: 3 * count }, (_, i) => i).filter((i) => !isReplayed(i))).toEqual([])
  })

  test('many names, each with its own reply, the latest it was given', () => {
    const harness = new Harness(50_000)
    for (let i = 0; i < 20_000; i++) harness.learn(`n${i}.test`, [`n${i}.test 300 A 10.0.0.1`])
    for (let i = 0; i < 20_000; i++) harness.learn(`n${i}.test`, [`n${i}.test 300 A 10.1.${i >> 8}.${i & 255}`])
    for (let i = 0; i < 20_000; i += 7) {
      const message = parseMessage(harness.replay(`n${i}.test`) as Buffer)
      expect([message.question?.name, ...addressesIn(message)]).toEqual([`n${i}.test`, `10.1.${i >> 8}.${i & 255}`])
    }
  })
})

const shapes: readonly QueryOptions[] = [{}, { edns: 1232 }, { dnssecOk: true }, { flags: 0x20 }, { type: 'AAAA' }]
test.each(shapes.flatMap((one) => shapes.filter((other) => other !== one).map((other) => [one, other] as const)))(
  'the reply to %o is none to %o',
  (one, other) => {
    const harness = new Harness()
    harness.learn('a.test', undefined, one)
    expect([harness.replay('a.test', one) !== undefined, harness.replay('a.test', other)]).toEqual([true, undefined])
  },
)

const never: readonly [string, (harness: Harness, entry: Entry) => void, number?][] = [
  ['its entry has gone', (_desk, entry) => void (entry.isCurrent = false)],
  ['it may not be replayed any longer', () => undefined, 270_000],
  ['a shared dependency has changed', (harness) => void (harness.dependency.isCurrent = false)],
  ['the files were not revalidated for too long', (harness) => void (harness.isKnown = false)],
]
test.each(never)('nothing is replayed once %s', (_what, change, at = 0) => {
  const harness = new Harness()
  change(harness, harness.learn('a.test'))
  expect(harness.replay('a.test', { at })).toBeUndefined()
  expect(harness.replayCounter.replays).toBe(0)
})

test('what was not known for a moment to be right is replayed again', () => {
  const harness = new Harness()
  harness.learn('a.test')
  for (const isKnown of [false, true]) {
    harness.isKnown = isKnown
    expect(harness.replay('a.test') !== undefined).toBe(isKnown)
  }
})

test('after a change of routes each reply is looked at once, when it is asked for', () => {
  const harness = new Harness()
  for (const name of ['a.test', 'b.test', 'c.test']) harness.learn(name)
  harness.routes.version++
  for (let i = 0; i < 3; i++) expect(harness.replay('a.test')).toBeDefined()
  harness.routes.leads = false
  for (let i = 0; i < 3; i++) expect(harness.replay('b.test')).toBeUndefined()
  expect(harness.routes.asked).toEqual(['a.test', 'b.test'])
})

test('a reply that was worked out before a change is not remembered after it', () => {
  const harness = new Harness()
  const query = queryFor('a.test')
  const wire = replyFor(query, { answer: ['a.test 300 A 192.0.2.1'] })
  const entry = {
    wire,
    storedAt: 0,
    expiresAt: 300_000,
    replayableUntil: 300_000,
    isCurrent: true,
    noteReplay: () => {},
  }
  for (const change of [() => void harness.routes.version++, () => void (harness.dependency.isCurrent = false)]) {
    const snapshot = harness.memo.snapshot(0)
    change()
    harness.memo.remember(query, wire, { entry, source: '' }, snapshot, 0)
    expect(harness.replay('a.test')).toBeUndefined()
  }
})

test('R-STUB-15: no more than the client takes, nor than there is room for; the largest are not kept', () => {
  const harness = new Harness()
  const records = (count: number) => Array.from({ length: count }, (_, i) => `a.test 300 A 10.0.${i >> 8}.${i & 255}`)
  harness.learn('a.test', records(40))
  expect(harness.replay('a.test')).toBeUndefined()
  const query = queryFor('a.test')
  expect(harness.memo.replay(query, 65_535, 0, Buffer.alloc(600), 0)).toBe(0)
  expect(harness.memo.replay(query, 65_535, 0, Buffer.alloc(700), 0)).toBe(664)
  harness.learn('a.test', records(400))
  expect(harness.memo.replay(query, 65_535, 0, Buffer.alloc(9000), 0)).toBe(664)
})

test('only so many are kept; what is in use stays', () => {
  const harness = new Harness(10)
  harness.learn('used.test')
  for (let i = 0; i < 100; i++) {
    harness.learn(`n${i}.test`)
    expect(harness.replay('used.test')).toBeDefined()
  }
  expect(harness.replay('n50.test')).toBeUndefined()
  expect(harness.replay('n99.test')).toBeDefined()
})

test('replies that a flush made useless stayed in memory until the next question', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const harness = new Harness()
  const kept = new WeakRef(harness.learn('a.test'))
  const isThere = async () => {
    await nextTurn()
    collect()
    return kept.deref() !== undefined
  }
  harness.memo.forgetInvalid()
  expect(await isThere()).toBe(true)
  harness.dependency.isCurrent = false
  harness.memo.forgetInvalid()
  expect(await isThere()).toBe(false)
})

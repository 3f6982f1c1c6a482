import { expect, test } from 'vitest'
import type { Dependency } from '../../src/base/index.ts'
import { TextMemo } from '../../src/fastpath/index.ts'
import { resolveService } from '../../src/varlink/index.ts'
import { parseCall } from '../../src/varlink-idl/message.ts'
import { RCODE } from '../../src/wire/index.ts'
import type { ReplyParts } from '../kit/messages.ts'
import { SeededRandom } from '../kit/seeded-random.ts'
import { World, type WorldScript } from '../kit/world.ts'
import { fakePorts } from '../unit/varlink/support.ts'

const SOA = ['test 3600 SOA ns.test admin.test 1 2 3 4 60']
const V4: ReplyParts = { answer: ['a.test 300 A 192.0.2.1'] }
const NODATA: ReplyParts = { authority: SOA }
const LINK = { links: [{ ifindex: 2, dns: ['10.2.0.1'] }] }
const MANY = ['192.0.2.1', '192.0.2.2', '192.0.2.3', '192.0.2.4']

/** The varlink service over a world, with and without its memo. */
class Desk {
  readonly world: World
  readonly replayCounter = { replays: 0 }
  readonly local = { isCurrent: true }
  isKnown = true
  readonly #service

  constructor(answers: (question: string) => ReplyParts, script: WorldScript = LINK, capacity = 100) {
    const world = new World(script)
    this.world = world
    world.serve('*', ({ question }) => answers(`${question.name} ${question.type}`))
    const shared = { current: (): Dependency[] => [world.scopes.routes, this.local], revalidate: () => this.isKnown }
    const isWatched = () => world.resolver.watchers.mustSee()
    const { clock } = world
    const memo = new TextMemo({
      shared,
      capacity,
      random: new SeededRandom(),
      clock,
      isWatched,
      replayCounter: this.replayCounter,
    })
    this.#service = resolveService(
      fakePorts({ hostname: (...call) => world.lookups.hostname(...call) }).ports,
      silent,
      memo,
    )
  }

  /** One call as a connection makes it: the reply's parameters, or its error. */
  async ask(name: string, more: object = {}): Promise<Record<string, unknown>> {
    const method = 'io.systemd.Resolve.ResolveHostname'
    const words = Buffer.from(JSON.stringify({ method, parameters: { name, ...more } }))
    const replies: Buffer[] = []
    const known = this.#service.replay(words)
    if (known !== undefined) replies.push(known)
    else {
      const { signal } = new AbortController()
      const client = { peer: undefined, signal, send: (reply: Buffer) => void replies.push(reply) }
      await this.world.run(this.#service.answer(parseCall(words), client))
    }
    if (replies.length !== 1) throw new Error(`${replies.length} replies`)
    return JSON.parse((replies[0] as Buffer).subarray(0, -1).toString()) as Record<string, unknown>
  }

  /** Asked until it comes from the memo, if it ever does. */
  async learn(name: string, more: object = {}, times = 3): Promise<Record<string, unknown>> {
    let reply: Record<string, unknown> = {}
    for (let count = 0; count < times; count++) reply = await this.ask(name, more)
    return reply
  }
}

function fail(error: unknown): never {
  throw error
}
const silent = { error() {}, warning() {}, notice() {}, info() {}, debug() {}, bug: fail }
const onlyV4 = (question: string): ReplyParts => (question === 'a.test 1' ? V4 : NODATA)

test('the third call is replayed, says what the second said, and counts as hits of both entries', async () => {
  const desk = new Desk(onlyV4)
  await desk.ask('a.test')
  const second = await desk.ask('a.test')
  expect(desk.replayCounter.replays).toBe(0)
  expect(await desk.ask('a.test')).toEqual(second)
  expect([desk.replayCounter.replays, desk.world.scopes.ofLink(2)?.cache.replays]).toEqual([2, 2])
  expect(second.parameters).toMatchObject({ addresses: [{ family: 2, address: [192, 0, 2, 1] }], name: 'a.test' })
  expect(desk.world.exchanges).toHaveLength(2)
})

test('other words are another call: letter case, family, flags', async () => {
  const desk = new Desk(onlyV4)
  await desk.learn('a.test')
  for (const [name, more] of [
    ['A.test', {}],
    ['a.test', { family: 2 }],
    ['a.test', { flags: 1 }],
  ] as const) {
    const before = desk.replayCounter.replays
    await desk.ask(name, more)
    expect(desk.replayCounter.replays).toBe(before)
  }
})

function onlyInY(question: string): ReplyParts {
  if (question === 'www.y.test 1') return { answer: ['www.y.test 300 A 192.0.2.1'] }
  return { rcode: question.startsWith('www.x') ? RCODE.NXDOMAIN : RCODE.NOERROR, authority: SOA }
}

function everything(question: string): ReplyParts {
  return { answer: [`${question.split(' ')[0]} 300 A 192.0.2.1`] }
}

const falls: readonly [string, (desk: Desk) => unknown][] = [
  ['its first entry has expired', ({ world }) => world.advance(301_000)],
  ['the entry of the other family has expired', ({ world }) => world.advance(61_000)],
  ['the caches are flushed', ({ world }) => world.flush()],
  ['routing has changed', ({ world }) => world.changeLink({ ifindex: 2, dns: ['10.2.0.9'] })],
]
test.each(falls)('nothing is replayed once %s', async (_what, fall) => {
  const desk = new Desk(onlyV4)
  await desk.learn('a.test')
  const before = desk.world.exchanges.length
  await fall(desk)
  await desk.ask('a.test')
  expect(desk.replayCounter.replays).toBe(2)
  expect(desk.world.exchanges.length).toBeGreaterThan(before)
})

test('nothing is replayed once /etc/hosts has changed, which may know the name now', async () => {
  const desk = new Desk(onlyV4)
  await desk.learn('a.test')
  desk.world.change({ hosts: '192.0.2.99 a.test' })
  desk.local.isCurrent = false
  const { parameters } = await desk.ask('a.test')
  expect(parameters).toMatchObject({ addresses: [{ address: [192, 0, 2, 99] }] })
})

test('nothing is replayed while nobody knows whether /etc/hosts has changed', async () => {
  const desk = new Desk(onlyV4)
  await desk.learn('a.test')
  desk.isKnown = false
  desk.world.change({ hosts: '192.0.2.99 a.test' })
  const { parameters } = await desk.ask('a.test')
  expect(parameters).toMatchObject({ addresses: [{ address: [192, 0, 2, 99] }] })
})

test('nothing is replayed while somebody watches', async () => {
  const desk = new Desk(onlyV4)
  await desk.learn('a.test')
  const seen: string[] = []
  const watching = desk.world.resolver.watchers.watch(({ name }) => void seen.push(name))
  await desk.ask('a.test')
  watching[Symbol.dispose]()
  await desk.ask('a.test')
  expect(seen).toEqual(['a.test'])
})

const never: readonly [string, (question: string) => ReplyParts, string, WorldScript][] = [
  ['of the hosts file', onlyV4, 'h.test', { ...LINK, hosts: '192.0.2.7 h.test' }],
  ['synthesized', onlyV4, 'localhost', LINK],
  ['of which half is not kept', (question) => (question === 'a.test 1' ? V4 : {}), 'a.test', LINK],
  ['nothing of which is kept', () => ({ answer: ['a.test 0 A 192.0.2.1'] }), 'a.test', LINK],
  ['that is negative', () => ({ rcode: RCODE.NXDOMAIN, authority: SOA }), 'none.test', LINK],
]
test.each(never)('an answer %s is never replayed', async (_what, answers, name, script) => {
  const desk = new Desk(answers, script)
  const first = await desk.ask(name)
  const last = await desk.learn(name, {}, 4)
  expect(Object.keys(last)).toEqual(Object.keys(first))
  expect(desk.replayCounter.replays).toBe(0)
})

test('an answer found by search domains rests on the names tried before, too', async () => {
  const script = { links: [{ ifindex: 2, dns: ['10.2.0.1'], domains: ['x.test', 'y.test'] }] }
  const desk = new Desk(onlyInY, script)
  expect((await desk.learn('www', { family: 2 })).parameters).toMatchObject({ name: 'www.y.test' })
  expect(desk.replayCounter.replays).toBe(2)
  await desk.world.advance(61_000) // www.x.test may exist by now
  await desk.ask('www', { family: 2 })
  expect(desk.replayCounter.replays).toBe(2)
  expect(desk.world.asked('10.2.0.1').filter((line) => line.startsWith('www.x.test'))).toHaveLength(2)
})

test('R-CACHE-15: the order of addresses goes on changing', async () => {
  const desk = new Desk(() => ({ answer: MANY.map((address) => `a.test 300 A ${address}`) }))
  await desk.learn('a.test', { family: 2 }, 6)
  const before = desk.replayCounter.replays
  const orders = new Set<string>()
  for (let times = 0; times < 40; times++) {
    const { parameters } = await desk.ask('a.test', { family: 2 })
    const { addresses } = parameters as { addresses: { address: number[] }[] }
    orders.add(addresses.map(({ address }) => address.join('.')).join())
  }
  expect(desk.replayCounter.replays).toBe(before + 40)
  expect(orders.size).toBeGreaterThan(1)
  for (const order of orders) expect(order.split(',').toSorted()).toEqual(MANY)
})

test('only so many calls are kept; what is in use stays', async () => {
  const desk = new Desk(everything, LINK, 10)
  const isReplayed = async (name: string) => {
    const before = desk.replayCounter.replays
    await desk.ask(name, { family: 2 })
    return desk.replayCounter.replays > before
  }
  await desk.learn('used.test', { family: 2 })
  for (let other = 0; other < 50; other++) {
    await desk.learn(`n${other}.test`, { family: 2 })
    expect(await isReplayed('used.test')).toBe(true)
  }
  expect(await isReplayed('n0.test')).toBe(false)
})

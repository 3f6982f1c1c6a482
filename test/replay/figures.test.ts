import { beforeEach, expect, test, vi } from 'vitest'
import { parseMessage, RCODE } from '../../src/wire/index.ts'
import { addressesIn, queryFor } from '../kit/messages.ts'
import { SeededRandom } from '../kit/seeded-random.ts'
import { type Server, World } from '../kit/world.ts'

/*
 * The promises about servers in figures, kept by the whole resolver from the stub on. The deciding classes alone
 * keep them under more circumstances in test/unit/upstream/server-choice.test.ts, the real daemon in test/lab/chaos.
 */
vi.setConfig({ testTimeout: 120_000 })

const [FIRST, SECOND] = ['10.2.0.1', '10.2.0.2']
/** The same for each test, whatever the tests before it drew. */
let random: SeededRandom
beforeEach(() => {
  random = new SeededRandom(9)
})

function worldOf(first: Server, second: Server = healthy): World {
  const world = new World({ links: [{ ifindex: 2, dns: [FIRST, SECOND] }], memo: false, logLevel: 'warning' })
  world.serve(FIRST, first)
  world.serve(SECOND, second)
  return world
}

/** Answers take 8 to 18 ms, three in a hundred 40 to 190. */
const healthy: Server = ({ question, server }) => {
  const after = random.below(100) < 97 ? 8 + random.below(10) : 40 + random.below(150)
  return { after, reply: { answer: [`${question.name} 60 A ${server}`] } }
}

const losing =
  (share: number): Server =>
  (exchange) =>
    random.below(1000) < share * 1000 || random.below(1000) < share * 1000 ? 'silence' : healthy(exchange)

interface Fared {
  /** Milliseconds; Infinity for a failure. */
  readonly took: number[]
  /** Whose answers they were. */
  readonly from: (string | undefined)[]
}

/** So many different names one after the other, 20 ms apart. */
async function lookUp(world: World, count: number, prefix: string): Promise<Fared> {
  const took: number[] = []
  const from: (string | undefined)[] = []
  for (let i = 0; i < count; i++) {
    const startedAt = world.clock.now()
    const reply = await world.run(world.send(queryFor(`n${i}.${prefix}.test`)))
    const [address] = reply === undefined ? [] : addressesIn(parseMessage(reply))
    took.push(address === undefined ? Infinity : world.clock.now() - startedAt)
    from.push(address)
    await world.advance(20)
  }
  return { took, from }
}

function p99({ took }: Fared): number {
  return took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)] as number
}

const upstreams = (world: World) => world.scopes.unicast.at(-1)?.upstreams.all ?? []

test('first server dead: p99 of a cold lookup within 300 ms', async () => {
  expect(
    p99(
      await lookUp(
        worldOf(() => 'silence'),
        1000,
        'dead',
      ),
    ),
  ).toBeLessThanOrEqual(300)
})

test('first server dies under way, and is asked again within 5 s of its healing', async () => {
  const world = worldOf(healthy)
  await lookUp(world, 100, 'before')
  world.serve(FIRST, () => 'silence')
  expect(p99(await lookUp(world, 1000, 'dead'))).toBeLessThanOrEqual(300)
  world.serve(FIRST, healthy)
  const healedAt = world.clock.now()
  world.clearExchanges()
  for (let i = 0; !world.exchanges.some(({ server, isProbe }) => server === FIRST && !isProbe); i++) {
    await lookUp(world, 1, `after${i}`)
  }
  expect(world.clock.now() - healedAt).toBeLessThanOrEqual(5000)
})

test('first server loses 30 % each way: 0 of 10 000 lookups fail, and loss is not taken for want of EDNS', async () => {
  const world = worldOf(losing(0.3))
  const fared = await lookUp(world, 10_000, 'lossy')
  expect(fared.took.filter((each) => each === Infinity)).toEqual([])
  expect(p99(fared)).toBeLessThanOrEqual(300)
  expect(upstreams(world).map(({ abilities }) => abilities.speaksEdns(world.clock.now()))).toEqual([true, true])
  expect(upstreams(world).map(({ abilities }) => abilities.payloadSize(world.clock.now()))).toEqual([1232, 1232])
})

test('healthy: 99.5 % of the answers from the preferred server, and hedging adds less than 5 %', async () => {
  const world = worldOf(healthy)
  const { took, from } = await lookUp(world, 5000, 'healthy')
  expect(took.filter((each) => each === Infinity)).toEqual([])
  expect(from.filter((server) => server === FIRST).length / from.length).toBeGreaterThanOrEqual(0.995)
  expect(world.exchanges.length / took.length).toBeLessThanOrEqual(1.05)
})

test('counts add up: no more answers and silences than messages sent, and no more errors than answers', async () => {
  const refusing: Server = (exchange) => (random.below(2) === 0 ? losing(0.3)(exchange) : { rcode: RCODE.SERVFAIL })
  const world = worldOf(refusing, losing(0.3))
  await lookUp(world, 300, 'counted')
  await world.advance(60_000)
  for (const [at, { counts }] of upstreams(world).entries()) {
    const sent = world.exchanges.filter(({ server }) => server === [FIRST, SECOND][at]).length
    expect(counts.sent).toBe(sent)
    expect(counts.answers).toBeGreaterThan(0)
    expect(counts.answers).toBeLessThan(sent)
    expect(counts.silences).toBeGreaterThan(0)
    expect(counts.silences).toBeLessThanOrEqual(sent)
    expect(counts.errors).toBeLessThanOrEqual(counts.answers)
  }
})

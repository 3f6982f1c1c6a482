import { describe, expect, test } from 'vitest'
import type { Listener } from '../../src/stub/index.ts'
import { parseMessage } from '../../src/wire/index.ts'
import { CONVERSATIONS, type Conversation, MESSAGES } from '../kit/fixture-messages.ts'
import { faultOf, hostileWorld, serveBytes } from '../kit/hostile-world.ts'
import { Mutator } from '../kit/mutator.ts'
import { SeededRandom } from '../kit/seeded-random.ts'
import type { World } from '../kit/world.ts'

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 0xffff_ffff)
const RUNS = Number(process.env.FUZZ_RUNS ?? 100_000)
const CLIENT_MUTATIONS = Math.round(RUNS * 0.8)
const SERVER_MUTATIONS = RUNS - CLIENT_MUTATIONS
/** Half a minute of a quiet core; a busy machine gets more. */
const PATIENCE = 300_000
const TITLE = `FUZZ_SEED=${SEED}`

const LISTENERS: readonly Listener[] = [
  { kind: 'main', transport: 'udp' },
  { kind: 'proxy', transport: 'udp' },
  { kind: 'extra', transport: 'udp' },
  { kind: 'main', transport: 'tcp' },
]

/** Sends one packet in and judges what comes out: `good`, or what is wrong with all that is needed to repeat it. */
async function verdict(world: World, packet: Buffer, listener: Listener, told: () => string): Promise<string> {
  let problem: string | undefined
  try {
    const reply = await world.run(world.send(packet, listener))
    problem = reply && faultOf(reply, packet, listener)
  } catch (error) {
    problem = (error as Error).stack ?? 'an error without a stack'
  }
  problem ??= world.log[0]
  if (problem === undefined) return 'good'
  return `${problem}\n${TITLE} ${listener.kind}/${listener.transport} ${packet.toString('hex')} ${told()}`
}

/** What comes of reading the bytes: `parsed`, or the name of the error. */
function parsing(bytes: Buffer): string {
  try {
    parseMessage(bytes)
    return 'parsed'
  } catch (error) {
    return (error as Error).name
  }
}

function listenerAt(turn: number): Listener {
  return LISTENERS[turn % LISTENERS.length] as Listener
}

function pick<T>(items: readonly T[], random: SeededRandom): T {
  return items[random.below(items.length)] as T
}

describe('every prefix', { timeout: PATIENCE }, () => {
  test.each(MESSAGES)('%s: parses or fails with FormError', (_title, message) => {
    expect(() => parseMessage(message)).not.toThrow()
    for (let end = 0; end < message.length; end++) {
      expect(['parsed', 'FormError']).toContain(parsing(message.subarray(0, end)))
    }
  })

  test.each(MESSAGES)('%s: as a request it gets one good reply or none', async (_title, message) => {
    const world = hostileWorld(1)
    world.serve('*', () => ({}))
    for (let end = 0; end <= message.length; end++) {
      expect(await verdict(world, message.subarray(0, end), listenerAt(end), () => `prefix ${end}`)).toBe('good')
    }
  })

  test.each(CONVERSATIONS)('$title: as a server reply it leads to one good reply', async ({ query, reply }) => {
    const world = hostileWorld(1)
    for (let end = 0; end <= reply.length; end++) {
      serveBytes(
        world,
        () => reply.subarray(0, end),
        () => true,
      )
      expect(await verdict(world, query, listenerAt(end), () => `prefix ${end}`)).toBe('good')
      world.flush()
    }
  })
})

describe(`random mutations (${TITLE})`, () => {
  test(
    `${CLIENT_MUTATIONS} requests: at most one reply each, well-formed and of the right size`,
    async () => {
      const random = new SeededRandom(SEED)
      const mutator = new Mutator(random)
      const world = hostileWorld(SEED)
      const messages = MESSAGES.map(([, message]) => message)
      const queries = CONVERSATIONS.map(({ query }) => query)
      serveBytes(
        world,
        () => pick(CONVERSATIONS, random).reply,
        () => true,
      )
      let answered = 0
      for (let i = 0; i < CLIENT_MUTATIONS; i++) {
        const base = random.below(4) === 0 ? pick(messages, random) : pick(queries, random)
        const packet = mutator.mutate(base, pick(messages, random))
        const before = world.exchanges.length
        const found = await verdict(world, packet, pick(LISTENERS, random), () => `request ${i}`)
        if (found !== 'good') throw new Error(found)
        if (world.exchanges.length > before) answered++
        if (i % 50 === 0) world.flush()
        if (i % 1000 === 0) world.clearExchanges()
      }
      expect(answered).toBeGreaterThan(CLIENT_MUTATIONS / 20)
      world.scopes.close()
      expect(world.clock.pending).toBe(0)
    },
    PATIENCE,
  )

  test(
    `${SERVER_MUTATIONS} server replies: the client gets one reply, from the network and from the cache`,
    async () => {
      const random = new SeededRandom(SEED + 1)
      const mutator = new Mutator(random)
      const world = hostileWorld(SEED)
      const replies = CONVERSATIONS.map(({ reply }) => reply)
      let asked = 0
      for (let i = 0; i < SERVER_MUTATIONS; i++) {
        const { query, reply } = pick<Conversation>(CONVERSATIONS, random)
        const bytes = mutator.mutate(reply, pick(replies, random))
        serveBytes(
          world,
          () => bytes,
          () => random.below(8) !== 0,
        )
        const told = () => `server reply ${i}: ${bytes.toString('hex')}`
        const before = world.exchanges.length
        const fromNetwork = await verdict(world, query, pick(LISTENERS, random), told)
        if (world.exchanges.length > before) asked++
        const isRepeated = random.below(4) === 0
        const fromCache = isRepeated ? await verdict(world, query, pick(LISTENERS, random), told) : 'good'
        if (fromNetwork !== 'good' || fromCache !== 'good') throw new Error(`${fromNetwork}\n${fromCache}`)
        if (!isRepeated || random.below(2) === 0) world.flush()
        if (i % 1000 === 0) world.clearExchanges()
      }
      expect(asked).toBeGreaterThan(SERVER_MUTATIONS / 2)
      world.scopes.close()
      expect(world.clock.pending).toBe(0)
    },
    PATIENCE,
  )
})

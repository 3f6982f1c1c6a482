import { expect, test } from 'vitest'
import { Journal, type JournalEntry, Meter } from '../../src/observe/index.ts'
import type { QueryClient } from '../../src/resolve/index.ts'
import { queryFor } from '../../src/lookup/index.ts'
import { TransactionCounts } from '../../src/scope/index.ts'
import { nameOf, TYPE } from '../../src/wire/index.ts'
import { settle } from '../kit/fake-clock.ts'
import { World } from '../kit/world.ts'

const IDENTITY = { uid: 1000, pid: 7, process: 'dig' }

function observed() {
  const world = new World({ links: [{ ifindex: 2, name: 'lan', dns: ['10.2.0.1'] }] })
  world.serve('*', ({ question: { name } }) =>
    name.startsWith('none') ? { rcode: 2 } : { answer: [`${name} 60 A 192.0.2.1`] },
  )
  const looked: QueryClient[] = []
  const replayCounter = Object.assign(new TransactionCounts(), { replays: 3 })
  const ownerOf = (client: QueryClient) => (looked.push(client), IDENTITY)
  const processName = async (pid: number) => (pid === 9 ? 'firefox' : undefined)
  const journal = new Journal({
    watchers: world.resolver.watchers,
    clock: world.clock,
    ownerOf,
    processName,
    replayCounter,
  })
  const meter = new Meter(world.resolver.watchers, replayCounter, world.clock)
  const client: QueryClient = { via: 'udp', port: 4242 }
  const resolve = (name: string) =>
    world.resolve(queryFor({ name: nameOf(name), spelling: undefined }, [TYPE.A], 0, 0, client))
  return { world, journal, meter, replayCounter, looked, resolve }
}

test('journal: the latest questions are kept, a bounded number of them, oldest first', async () => {
  const { journal, resolve } = observed()
  for (let i = 0; i < 600; i++) await resolve(`n${i}.test`)
  const names = journal.recent().map(({ name }) => name)
  expect(names).toHaveLength(512)
  expect([names[0], names.at(-1)]).toEqual(['n88.test', 'n599.test'])
})

test('journal: nobody looks up clients while nobody watches, and short cuts stay open', async () => {
  const { world, journal, looked, resolve } = observed()
  await resolve('www.test')
  expect([looked.length, world.resolver.watchers.mustSee()]).toEqual([0, false])
  const seen: JournalEntry[] = []
  const watch = journal.watch((entry) => void seen.push(entry))
  expect(world.resolver.watchers.mustSee()).toBe(true)
  await resolve('www.test')
  expect(seen).toMatchObject([{ name: 'www.test', source: 'cache', scope: 'link 2 (lan)', identity: IDENTITY }])
  watch[Symbol.dispose]()
  await resolve('www.test')
  expect([seen.length, looked.length, world.resolver.watchers.mustSee()]).toEqual([1, 1, false])
})

test('journal: of a flood, watchers are told a part, and how much was left out; then short cuts are open', async () => {
  const { world, journal, replayCounter, looked, resolve } = observed()
  const told: number[] = []
  using _ = journal.watch((_entry, leftOut) => void told.push(leftOut))
  for (let i = 0; i < 250; i++) await resolve('www.test')
  expect([told.length, looked.length, world.resolver.watchers.mustSee()]).toEqual([200, 200, false])
  expect(told.every((leftOut) => leftOut === 0)).toBe(true)
  replayCounter.replays += 1000
  await world.clock.advance(1000)
  expect(world.resolver.watchers.mustSee()).toBe(true)
  for (let i = 0; i < 150; i++) await resolve('www.test')
  expect([told.length, told[200], told[201]]).toEqual([250, 1050, 0])
  expect(journal.recent()).toHaveLength(400)
})

test('watching a flood cost a whole batch of replays whenever there was room for one: no more are claimed than are told', async () => {
  const { world, journal, resolve } = observed()
  const told: number[] = []
  using _ = journal.watch((_entry, leftOut) => void told.push(leftOut))
  const claimed = (asked: number) =>
    Array.from({ length: asked }, () => world.resolver.watchers.mustSee()).filter(Boolean)
  expect(claimed(1000)).toHaveLength(200) // all of one turn, before the first of them is worked out
  for (let i = 0; i < 200; i++) await resolve('www.test')
  expect(told).toHaveLength(200)
  await world.clock.advance(100)
  expect(claimed(1000)).toHaveLength(5)
})

test('journal: queries that were claimed and dropped leave no more room to others than a burst', async () => {
  const { world, journal, resolve } = observed()
  const told: number[] = []
  using _ = journal.watch((_entry, leftOut) => void told.push(leftOut))
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 200; i++) world.resolver.watchers.mustSee()
    await world.clock.advance(10_000)
  }
  for (let i = 0; i < 200; i++) world.resolver.watchers.mustSee()
  for (let i = 0; i < 700; i++) await resolve('www.test')
  expect(told).toHaveLength(200)
})

test('journal: nothing is left of it when nobody watches any more', () => {
  const { world, journal } = observed()
  const before = world.clock.pending
  const watches = [journal.watch(() => {}), journal.watch(() => {})]
  expect(world.clock.pending).toBe(before + 1)
  for (const watch of watches) watch[Symbol.dispose]()
  expect([world.clock.pending, world.resolver.watchers.mustSee()]).toEqual([before, false])
})

test.each([
  [{ uid: 1000, pid: 9, process: undefined }, 'firefox'],
  [{ uid: 1000, pid: 8, process: undefined }, undefined],
  [{ uid: 1000, pid: 9, process: 'known' }, 'known'],
])('journal: a process known by its number alone is named: %j', async (identity, process) => {
  const { world, journal } = observed()
  const seen: JournalEntry[] = []
  using _ = journal.watch((entry) => void seen.push(entry))
  await world.resolve(
    queryFor({ name: nameOf('www.test'), spelling: undefined }, [TYPE.A], 0, 0, { via: 'varlink', identity }),
  )
  await settle()
  expect(seen).toMatchObject([{ identity: { ...identity, process } }])
})

test('meter: questions, hits, failures and latencies of each scope and server', async () => {
  const { meter, resolve } = observed()
  for (const name of ['www.test', 'www.test', 'none.test']) await resolve(name)
  expect(meter.scopes).toMatchObject([{ scope: 'link 2 (lan)', questions: 3, cacheHits: 1, failures: 1 }])
  expect(meter.scopes[0]?.took.count).toBe(2)
  expect(meter.servers).toMatchObject([{ server: '10.2.0.1%lan', failures: 1 }])
  expect(meter.servers[0]?.roundTrip.count).toBe(1)
  expect([...meter.sources]).toEqual([
    ['network', 2],
    ['cache', 1],
  ])
  expect([meter.failures, meter.replays]).toEqual([1, 3])
})

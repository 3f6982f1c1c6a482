import type { CachedAnswer } from '../src/cache/index.ts'
import type { ScopeRequest } from '../src/scope/index.ts'
import type { Name } from '../src/wire/index.ts'
import { newScopeSet, random, room } from './rooms.ts'
import type { Figures, Scenario, Subject } from './scenario.ts'

/** The rooms that only decide, as they are built: what they cost without any socket. */
export function micro(seconds: number): Scenario {
  return {
    name: 'micro',
    title: 'The pure rooms, per operation',
    columns: [
      { key: 'ns', title: 'ns', digits: 0 },
      { key: 'bytes', title: 'heap B', digits: 0 },
    ],
    rows: Object.entries(cases).map(([name, prepare]) => ({
      name,
      title: name,
      peer: undefined,
      open: async () => measured(await prepare(), seconds / 4),
    })),
  }
}

const NAMES = 10_000
const target = Buffer.alloc(4096)
const BATCH = 1000

/** Takes a running number; what it returns is looked at, so that it is not optimised away. */
type Run = (i: number) => unknown
/** What must be made ready before each single run; it does not count. */
interface Prepared {
  readonly run: Run
  readonly before: () => void
}

const cases: Record<string, () => Promise<Run | Prepared>> = {
  'fastpath: replay': async () => {
    const { memo, entries } = await filledMemo()
    return (i) => memo.replay((entries[i % NAMES] as Entry).query, undefined, 1000 + i / 1e6, target, 0)
  },
  'fastpath: decline (unknown name)': async () => {
    const { memo } = await filledMemo()
    const { query } = await entryOf('unknown.bench.test')
    return () => memo.replay(query, undefined, 1000, target, 0)
  },
  'fastpath: remember': async () => {
    const { memo, entries } = await filledMemo()
    return (i) => {
      const { query, reply, cached } = entries[i % NAMES] as Entry
      memo.remember(query, reply, { entry: cached, source: undefined }, memo.snapshot(0), 0)
    }
  },
  'wire: parse a reply': async () => {
    const { parseMessage } = await wire()
    const { reply } = await entryOf('www.bench.test')
    return () => parseMessage(reply).answer.length
  },
  'wire: scan a reply': async () => {
    const { scanRecords } = await wire()
    const { reply } = await entryOf('www.bench.test')
    let seen = 0
    return () => scanRecords(reply, ({ end }) => void (seen += end))
  },
  'wire: compose a reply': async () => {
    const { compose, parseMessage } = await wire()
    const { answer, question, opt } = parseMessage((await entryOf('www.bench.test')).reply)
    return (i) => compose({ id: i & 0xffff, flags: 0x8180, question, answer, opt }).length
  },
  'wire: read a name': async () => {
    const { readName } = await wire()
    const { query } = await entryOf('www.some.longer.bench.test')
    return () => readName(query, 12).end
  },
  'cache: lookup': async () => {
    const { cache, entries } = await filledCache()
    return (i) => cache.lookup((entries[i % NAMES] as Entry).question, '', true, 1000 + i / 1e6)
  },
  'cache: store': async () => {
    const { cache, entries } = await filledCache()
    return (i) => {
      const { question, reply, message } = entries[i % NAMES] as Entry
      return cache.store(question, '', reply, message, ORIGIN, 1000)
    }
  },
  'cache: flush of 10,000 names': async () => {
    const { cache, fill } = await filledCache()
    return { run: () => cache.flush(), before: fill }
  },
  'cache: purge among 10,000 names': async () => {
    const { cache, fill } = await filledCache()
    const [{ MovedNames }, { nameOf }] = [await room<typeof import('../src/cache/index.ts')>('cache'), await wire()]
    const moved = new MovedNames()
    moved.add([nameOf('corp.test')], [])
    return { run: () => cache.purge(moved), before: fill }
  },
  'scope: an answer from the cache': async () => {
    const { scope, requests } = await filledScope()
    const { signal } = new AbortController()
    return (i) => scope.lookUp(requests[i % NAMES] as ScopeRequest, signal)
  },
  'routing: score, 1 domain': () => scoring(1),
  'routing: score, 200 domains': () => scoring(200),
}

const ORIGIN = { server: '192.0.2.53', channel: 'udp', isConfidential: false, learntAt: 0 } as const

type Entry = Awaited<ReturnType<typeof entryOf>>

async function entryOf(text: string) {
  const { compose, nameOf, parseMessage, recordOf, TYPE, CLASS } = await wire()
  const name: Name = nameOf(text)
  const question = { name, type: TYPE.A, class: CLASS.IN }
  const query = compose({ id: 1, flags: 0x0100, question })
  const answer = [1, 2].map((last) => recordOf(name, TYPE.A, Uint8Array.of(192, 0, 2, last), 3600))
  const reply = compose({ id: 1, flags: 0x8180, question, answer })
  const cached: CachedAnswer = {
    wire: reply,
    storedAt: 0,
    replayableUntil: Number.POSITIVE_INFINITY,
    noteReplay: () => {},
    expiresAt: 3_600_000,
    isCurrent: true,
  }
  return { question, query, reply, message: parseMessage(reply), cached }
}

async function manyEntries(): Promise<Entry[]> {
  return Promise.all(Array.from({ length: NAMES }, (_, i) => entryOf(`n${i}.bench.test`)))
}

async function filledMemo() {
  const { AnswerMemo } = await room<typeof import('../src/fastpath/index.ts')>('fastpath')
  const dependencies = [{ isCurrent: true }, { isCurrent: true }, { isCurrent: true }]
  const shared = { current: () => dependencies, revalidate: () => true }
  const routes = { version: 1, leadTo: () => true }
  const memo = new AnswerMemo({ shared, routes, capacity: 4 * NAMES, random, replayCounter: { replays: 0 } })
  const entries = await manyEntries()
  for (const { query, reply, cached } of entries) {
    memo.remember(query, reply, { entry: cached, source: undefined }, memo.snapshot(0), 0)
  }
  return { memo, entries }
}

async function filledCache() {
  const { CacheBudget, ScopeCache } = await room<typeof import('../src/cache/index.ts')>('cache')
  const cache = new ScopeCache({ maxEntries: 2 * NAMES, mode: 'yes', budget: new CacheBudget(2 ** 30) })
  const entries = await manyEntries()
  const fill = () => {
    for (const { question, reply, message } of entries) cache.store(question, '', reply, message, ORIGIN, 0)
  }
  fill()
  return { cache, entries, fill }
}

/** The scope of one server that is never asked. */
async function filledScope() {
  const { NO_NETWORK } = await room<typeof import('../src/scope/index.ts')>('scope')
  const { DEFAULT_RESOLVED_SETTINGS, parseServerSpec } =
    await room<typeof import('../src/settings/index.ts')>('settings')
  const scopes = await newScopeSet()
  const globalServers = [parseServerSpec('192.0.2.53', () => undefined)]
  const none = { globalDomains: [], links: new Map(), delegates: [] }
  scopes.apply({ facts: NO_NETWORK, settings: DEFAULT_RESOLVED_SETTINGS, globalServers, ...none })
  const scope = scopes.global
  if (scope === undefined) throw new Error('there is always a global scope')
  const entries = await manyEntries()
  for (const { question, reply, message } of entries) scope.cache.store(question, '', reply, message, ORIGIN, 1000)
  const may = { readsCache: true, fillsCache: true, mayAskNetwork: false, mayRedirect: true, mayBeStale: true }
  const requests = entries.map(
    ({ question }): ScopeRequest => ({ request: { kind: 'question', question }, variant: '', ...may }),
  )
  return { scope, requests }
}

async function scoring(count: number) {
  const { RoutedDomains, scoreDns } = await room<typeof import('../src/routing/index.ts')>('routing')
  const { nameOf, TYPE } = await wire()
  const domains = new RoutedDomains(
    Array.from({ length: count }, (_, i) => ({ name: nameOf(`corp${i}.test`), routeOnly: true })),
  )
  const route = { domains, isDefaultRoute: true, hasServers: true, usesFallbackServer: false, subnets: [] }
  const name = nameOf('www.bench.test')
  return () => scoreDns(name, [TYPE.A], route, { asksSingleLabels: false }).score
}

const wire = () => room<typeof import('../src/wire/index.ts')>('wire')

/** Runs in batches until the time is over; the fastest tenth is what the code costs, the rest is what disturbed it. */
function measured(operation: Run | Prepared, seconds: number): Subject {
  const { run, before } = typeof operation === 'function' ? { run: operation, before: undefined } : operation
  const size = before === undefined ? BATCH : 1
  let i = 0
  const batch = (): { ns: number; bytes: number } => {
    before?.()
    const heap = process.memoryUsage().heapUsed
    const begin = process.hrtime.bigint()
    for (let end = i + size; i < end; i++) if (run(i) === sink) throw new Error('unreachable')
    const ns = Number(process.hrtime.bigint() - begin)
    return { ns: ns / size, bytes: (process.memoryUsage().heapUsed - heap) / size }
  }
  return {
    measure: async (): Promise<Figures> => {
      const until = performance.now() + seconds * 1000
      const results = [batch(), batch(), batch()]
      while (performance.now() < until) results.push(batch())
      const times = results.map(({ ns }) => ns).toSorted((a, b) => a - b)
      const sizes = results.map(({ bytes }) => bytes).toSorted((a, b) => a - b)
      return { ns: times[Math.floor(times.length / 10)] ?? NaN, bytes: sizes[Math.floor(sizes.length / 2)] ?? NaN }
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

const sink = Symbol('never returned')

import type { LinkFacts, NetworkFacts, ScopeInput } from '../src/scope/index.ts'
import { newScopeSet, room } from './rooms.ts'
import type { Figures, Scenario, Subject } from './scenario.ts'

/**
 * What grows with the machine it runs on: CPU time of one operation in the compiled rooms, by how much there is of it. So
 * many links, as facts of the kernel, no machine of the lab has.
 */
export function growth(seconds: number): Scenario {
  const row = (name: string, title: string, sizes: readonly number[], prepare: Prepare) => ({
    name,
    title,
    peer: undefined,
    open: async () => subjectOf(sizes, prepare, seconds / 8),
  })
  return {
    name: 'growth',
    title: 'CPU by size, µs for each',
    columns: [
      { key: 'first', title: 'at 1 (lines: 10,000)', digits: 2 },
      { key: 'second', title: 'at 100 (lines: 100,000)', digits: 2 },
      { key: 'third', title: 'at 1,000', digits: 2 },
      { key: 'last', title: 'at 10,000 (lines: 1,000,000)', digits: 2 },
      { key: 'ratio', title: 'a hundred times as much', digits: 2 },
      { key: 'longest', title: 'longest turn, ms', digits: 1 },
      { key: 'bytes', title: 'B/line', digits: 0 },
    ],
    rows: [
      row('domains', 'whom a name goes to, by routing domains of one link', SIZES, (size) => routed(1, size)),
      row('links', 'whom a name goes to, by links with a domain', SIZES, (size) => routed(size, 1)),
      row('reverse', 'whom the name of an address goes to, by links', SIZES, (size) =>
        routed(size, 1, '9.2.1.10.in-addr.arpa'),
      ),
      row('change', 'one of the links goes down or up', SIZES, changed),
      row('absent', 'a name that /etc/hosts does not have', LINES, (size) => lookedUp(size, 'www.absent.example')),
      row('present', 'a name that it has', LINES, (size) => lookedUp(size, 'ads77.tracker.example')),
      { name: 'read', title: 'to read it, each line', peer: undefined, open: async () => readingSubject() },
    ],
  }
}

const SIZES = [1, 100, 1000, 10_000]
const REPEATS = 5
/** Microseconds: the kernel may count CPU time in ticks. */
const LEAST_BATCH = 30_000
const LINES = [10_000, 100_000, 1_000_000]

/** Makes ready what is measured at one size. */
type Prepare = (size: number) => Promise<() => unknown>

function subjectOf(sizes: readonly number[], prepare: Prepare, seconds: number): Subject {
  return {
    measure: async () => {
      const found: number[] = []
      for (const size of sizes) found.push(cpuOf(await prepare(size), seconds))
      return sized(found)
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

function sized(found: readonly number[]): Figures {
  const [first = NaN, second = NaN] = found
  const last = found.at(-1) ?? NaN
  return {
    first,
    second,
    last,
    ratio: last / (found.length > 3 ? second : first),
    ...(found.length > 3 ? { third: found[2] ?? NaN } : {}),
  }
}

/** CPU time of one run, in microseconds: of the fastest tenth of batches, as others disturb the rest. */
function cpuOf(run: () => unknown, seconds: number): number {
  let batch = 1
  while (cpuOfBatch(run, batch) < LEAST_BATCH) batch *= 2
  const times: number[] = []
  for (const until = performance.now() + seconds * 1000; times.length < REPEATS || performance.now() < until; )
    times.push(cpuOfBatch(run, batch) / batch)
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 10)] ?? NaN
}

function cpuOfBatch(run: () => unknown, count: number): number {
  const before = process.cpuUsage()
  for (let i = 0; i < count; i++) run()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

async function routed(links: number, domains: number, text = 'www.elsewhere.example'): Promise<() => unknown> {
  const { nameOf, TYPE } = await room<typeof import('../src/wire/index.ts')>('wire')
  const { FLAG } = await room<typeof import('../src/scope/index.ts')>('scope')
  const scopes = await newScopeSet()
  scopes.apply(await inputOf(links, domains))
  const request = { name: nameOf(text), types: [TYPE.A], ifindex: 0, flags: FLAG.DNS }
  return () => scopes.route(request)
}

/** In force, with all that follows from it in the scopes; and the next name is routed. */
async function changed(links: number): Promise<() => unknown> {
  const { nameOf, TYPE } = await room<typeof import('../src/wire/index.ts')>('wire')
  const { FLAG } = await room<typeof import('../src/scope/index.ts')>('scope')
  const scopes = await newScopeSet()
  const input = await inputOf(links, 1)
  const last = input.facts.links.get(links) as LinkFacts
  const down = {
    ...input,
    facts: { ...input.facts, links: new Map(input.facts.links).set(links, { ...last, flags: 0 }) },
  }
  const request = { name: nameOf('www.elsewhere.example'), types: [TYPE.A], ifindex: 0, flags: FLAG.DNS }
  let isUp = false
  return () => {
    isUp = !isUp
    scopes.apply(isUp ? input : down)
    return scopes.route(request)
  }
}

/** Links with an address, a server and routing domains each. */
async function inputOf(count: number, domainsEach: number): Promise<ScopeInput> {
  const { IpAddress } = await room<typeof import('../src/base/index.ts')>('base')
  const { IFF_LOWER_UP, IFF_RUNNING, IFF_UP, OPERSTATE_UP } =
    await room<typeof import('../src/scope/index.ts')>('scope')
  const { DEFAULT_LINK_SETTINGS, DEFAULT_RESOLVED_SETTINGS, parseServerSpec } =
    await room<typeof import('../src/settings/index.ts')>('settings')
  const { nameOf } = await room<typeof import('../src/wire/index.ts')>('wire')
  const serverOf = (text: string) => parseServerSpec(text, () => undefined)
  const flags = IFF_UP | IFF_LOWER_UP | IFF_RUNNING
  const links = new Map<number, LinkFacts>()
  const configured = new Map<number, { settings: typeof DEFAULT_LINK_SETTINGS; networkdState: undefined }>()
  for (let ifindex = 1; ifindex <= count; ifindex++) {
    const network = `10.${ifindex >> 8}.${ifindex & 255}`
    const addresses = [{ address: IpAddress.of(`${network}.2`), prefixLength: 24, scope: 0, flags: 0 }]
    links.set(ifindex, { ifindex, name: `tun${ifindex}`, flags, operState: OPERSTATE_UP, mtu: 1500, addresses })
    const domains = Array.from({ length: domainsEach }, (_, i) => ({
      name: nameOf(`d${i}.l${ifindex}.test`),
      routeOnly: true,
    }))
    const settings = { ...DEFAULT_LINK_SETTINGS, servers: [serverOf(`${network}.1`)], domains }
    configured.set(ifindex, { settings, networkdState: undefined })
  }
  const facts: NetworkFacts = { links, gateways: [] }
  const rest = { globalServers: [serverOf('192.0.2.53')], globalDomains: [], delegates: [] }
  return { facts, settings: DEFAULT_RESOLVED_SETTINGS, links: configured, ...rest }
}

function blockList(lines: number): Buffer {
  return Buffer.from(Array.from({ length: lines }, (_, i) => `0.0.0.0 ads${i}.tracker.example\n`).join(''))
}

async function lookedUp(lines: number, text: string): Promise<() => unknown> {
  const { HostsTable } = await room<typeof import('../src/settings/index.ts')>('settings')
  const { nameOf } = await room<typeof import('../src/wire/index.ts')>('wire')
  const table = finished(HostsTable.reading(blockList(lines)))
  const name = nameOf(text)
  return () => table.addressesOf(name)
}

/** CPU for each line of the file, and the longest of the slices between which questions are answered. */
function readingSubject(): Subject {
  return {
    measure: async () => {
      const { HostsTable } = await room<typeof import('../src/settings/index.ts')>('settings')
      const found: number[] = []
      let bytes = NaN
      for (const lines of LINES) {
        const file = blockList(lines)
        const before = process.memoryUsage().arrayBuffers - file.length
        const table = finished(HostsTable.reading(file))
        bytes = (process.memoryUsage().arrayBuffers - before) / lines
        if (table.namesOf === undefined) throw new Error('unreachable') // it is kept until here
        found.push(cpuOf(() => finished(HostsTable.reading(file)), 0) / lines)
      }
      const largest = blockList(LINES.at(-1) as number)
      return { ...sized(found), bytes, longest: longestSlice(() => HostsTable.reading(largest)) }
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** In milliseconds, of several times the same work: what disturbs one slice does not disturb it each time. */
function longestSlice(work: () => Generator): number {
  const least: number[] = []
  for (let time = 0; time < REPEATS; time++) {
    const all = slicesOf(work())
    for (const [i, took] of all.entries()) least[i] = Math.min(took, least[i] ?? took)
  }
  return Math.max(...least)
}

function slicesOf(work: Generator): number[] {
  const slices: number[] = []
  for (;;) {
    const began = performance.now()
    const { done } = work.next()
    slices.push(performance.now() - began)
    if (done === true) return slices
  }
}

function finished<T>(work: Generator<unknown, T>): T {
  let step = work.next()
  while (step.done !== true) step = work.next()
  return step.value
}

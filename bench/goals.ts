import { type Bound, type Figure, type Goal, ratio, single, worst } from './judge.ts'

/** Of an ordinary way to a server, in microseconds. */
const ROUND_TRIP = 20_000
/** KiB in a MiB, bytes in a KiB. */
const KILO = 1 / 1024
const MILLI = 1 / 1000

const ours = (scenario: string, key: string): Figure => [scenario, 'ours', key]

/** The same figure of ours and of another server. */
function beside(text: string, scenario: string, key: string, other: string, bound: Bound): Goal {
  return ratio(text, ours(scenario, key), [scenario, other, key], bound)
}

const cached: readonly Goal[] = [
  beside('CPU per cached answer / C echo', 'cached-1000', 'cpu', 'echo', { atMost: 1.2 }),
  beside('CPU per cached answer / unbound', 'cached-1000', 'cpu', 'unbound', { atMost: 0.85 }),
  beside('CPU per cached answer / resolved', 'cached-1000', 'cpu', 'resolved', { atMost: 0.45 }),
  beside('cached q/s / unbound', 'cached-1000', 'qps', 'unbound', { atLeast: 1.1 }),
  beside('cached q/s / resolved', 'cached-1000', 'qps', 'resolved', { atLeast: 2.3 }),
  beside('cached q/s, 10,000 names / resolved', 'cached-10000', 'qps', 'resolved', { atLeast: 6 }),
  single('cached queries lost', ours('cached-1000', 'lost'), { atMost: 0 }),
  ratio('cached q/s, 100,000 names / 1,000', ours('cached-100000', 'qps'), ours('cached-1000', 'qps'), {
    atLeast: 0.85,
  }),
  ratio('CPU, 100,000 names / 1,000', ours('cached-100000', 'cpu'), ours('cached-1000', 'cpu'), { atMost: 1.15 }),
  ratio('cached q/s, 200 links / 1', ours('links-200', 'qps'), ours('cached-1000', 'qps'), { atLeast: 0.85 }),
  ratio('CPU, 200 links / 1', ours('links-200', 'cpu'), ours('cached-1000', 'cpu'), { atMost: 1.15 }),
  beside('p50 at 2,000 q/s / unbound', 'cached-1000', 'lone', 'unbound', { atMost: 1 }),
  beside('p99.9 at 20,000 q/s / unbound', 'cached-1000', 'p999', 'unbound', { atMost: 1 }),
  beside('p99.9 at 20,000 q/s / resolved', 'cached-1000', 'p999', 'resolved', { atMost: 1 }),
  beside('TCP q/s / unbound', 'tcp', 'qps', 'unbound', { atLeast: 1 }),
  beside('TCP q/s / resolved', 'tcp', 'qps', 'resolved', { atLeast: 1.6 }),
]

const misses: readonly Goal[] = [
  beside('cold misses q/s / unbound', 'cold', 'qps', 'unbound', { atLeast: 1.1 }),
  beside('the same with two servers', 'cold-servers', 'qps', 'unbound', { atLeast: 1.1 }),
  beside('the same with 200 links', 'cold-links', 'qps', 'unbound', { atLeast: 1.1 }),
  beside('nine of ten from the cache, q/s / unbound', 'mixed', 'qps', 'unbound', { atLeast: 1.1 }),
  beside('cold misses q/s / resolved', 'cold', 'qps', 'resolved', { atLeast: 1.5 }),
  single('bytes allocated for a miss', ['budget', 'heap', 'bytes'], { atMost: 40_000 }),
  single('promises for a miss', ['budget', 'made', 'promises'], { atMost: 27 }),
  single('timers and ticks for a miss', ['budget', 'made', 'others'], { atMost: 11 }),
  single('system calls for a miss', ['budget', 'calls', 'systemCalls'], { atMost: 27 }),
]

const encrypted: readonly Goal[] = [
  ratio('misses over TLS q/s / our own over UDP', ours('cold-tls', 'qps'), ['cold-tls', 'ours-udp', 'qps'], {
    atLeast: 0.8,
  }),
  ratio('the same, CPU', ours('cold-tls', 'cpu'), ['cold-tls', 'ours-udp', 'cpu'], { atMost: 1.25 }),
  beside('misses over TLS q/s / resolved', 'cold-tls', 'qps', 'resolved', { atLeast: 1 }),
  single('misses over HTTP/2, CPU µs each', ours('cold-https', 'cpu'), { atMost: 500 }),
  added('TLS', 'ours-tls'),
  added('HTTP/2', 'ours-https'),
  ratio(
    'CPU per TLS handshake / unbound',
    ['encrypted', 'ours-tls', 'handshake'],
    ['encrypted', 'unbound-tls', 'handshake'],
    { atMost: 2 },
  ),
  single('KiB per idle TLS connection', ['encrypted', 'ours-tls', 'perConnection'], { atMost: 128 }),
]

const validated: readonly Goal[] = [
  beside('warm validated misses q/s / resolved', 'validated-misses', 'qps', 'resolved', { atLeast: 1 }),
  beside('warm validated misses q/s / our own unvalidated', 'validated-misses', 'qps', 'ours-unvalidated', {
    atLeast: 0.7,
  }),
  beside('the same, RSA', 'validated-misses-rsa', 'qps', 'ours-unvalidated', { atLeast: 0.7 }),
  beside('packets for a validated miss / unvalidated', 'validated-misses', 'upstream', 'ours-unvalidated', {
    atMost: 1.01,
  }),
  beside('CPU per cached answer, validated / not', 'validated-cached', 'cpu', 'ours-unvalidated', { atMost: 1.05 }),
  beside('latency of a cold chain / resolved', 'cold-chains', 'p50', 'resolved', { atMost: 1 }),
]

const programs: readonly Goal[] = [
  ...(['inet', 'unspec'] as const).flatMap((family) => [1, 8].flatMap((threads) => called(family, threads))),
  single('wall time of a client call / bare node', ['client', 'query', 'msRatio'], { atMost: 1.5 }),
  single('CPU of a client call / bare node', ['client', 'query', 'cpuRatio'], { atMost: 1.5 }),
  single('start to first answer, ms', ours('start', 'ms'), { atMost: 120 }),
]

const memory: readonly Goal[] = [
  single('RSS idle, MiB', ours('cached-1000', 'idle'), { atMost: 45 }, KILO),
  single('RSS idle with 200 links, MiB', ours('links-200', 'idle'), { atMost: 75 }, KILO),
  worst(
    'RSS per cached name, KiB, right after the load',
    ours('cached-100000', 'perNameAtOnce'),
    { atMost: 0.6 },
    KILO,
  ),
  single('the same a minute later', ours('cached-100000', 'perName'), { atMost: 0.6 }, KILO),
  worst('RSS after cold misses, MiB', ours('cold', 'rss'), { atMost: 96 }, KILO),
  ratio('RSS a minute after them / idle', ours('cold', 'rested'), ours('cold', 'idle'), { atMost: 1.2 }),
  single('RSS at the end of an hour with changing names / after a quarter', ours('hour', 'growth'), { atMost: 1.05 }),
]

const pauses: readonly Goal[] = [
  worst('longest latency after a link with 100,000 names went, ms', ours('flush', 'after'), { atMost: 2 }, MILLI, [
    'flush',
    'echo',
    'after',
  ]),
  worst('of it, CPU time of ours at most, ms', ours('flush', 'workAfter'), { atMost: 2 }, MILLI),
  worst('stale answers then', ours('flush', 'stale'), { atMost: 0 }),
  paused('half of 100,000 names go to another link', 'purge'),
  paused('a reload forgets 100,000 names', 'reload'),
  paused('1,000 links flap at once', 'flap'),
  worst('stale answers after names went to another link', ['pause', 'purge', 'stale'], { atMost: 0 }),
  worst('answers lost while links change 1,000 times a second', ['pause', 'storm', 'lost'], { atMost: 0 }),
  worst('p99 of cached answers then, ms', ['pause', 'storm', 'p99'], { atMost: 5 }, MILLI),
  worst('of it, CPU time of ours at most, ms', ['pause', 'storm', 'work99'], { atMost: 5 }, MILLI),
]

const watching: readonly Goal[] = [
  single('cached q/s, watched / not', ['watch', 'cached', 'qpsRatio'], { atLeast: 0.97 }),
  single('cold misses q/s, watched / not', ['watch', 'misses', 'qpsRatio'], { atLeast: 0.97 }),
  single('CPU at rest with multicast DNS and LLMNR, % of a core', ['rest', 'multicast', 'percent'], { atMost: 0.05 }),
]

const growing: readonly Goal[] = [
  grown('CPU to route a name, 10,000 routing domains / 100', 'domains'),
  grown('the same, 10,000 links / 100', 'links'),
  grown('the same, names of addresses', 'reverse'),
  grown('CPU to look a name up, 1,000,000 hosts lines / 10,000', 'present'),
  grown('the same, a name that is not there', 'absent'),
  grown('CPU to read each of the lines', 'read'),
  single('longest turn while 1,000,000 hosts lines are read, ms', ['growth', 'read', 'longest'], { atMost: 5 }),
  single('memory for each of them, the file included, bytes', ['growth', 'read', 'bytes'], { atMost: 80 }),
  single('CPU for a change of one of 1,000 links, ms', ['growth', 'change', 'third'], { atMost: 2 }, MILLI),
]

/** What we hold ourselves to: ratios within one run, so that they mean the same on any machine. */
export const goals: readonly Goal[] = [
  ...cached,
  ...misses,
  ...encrypted,
  ...validated,
  ...programs,
  ...memory,
  ...pauses,
  ...watching,
  ...growing,
]

/** getaddrinfo() with our module and daemon, beside the original pair, and beside what glibc does without any module. */
function called(family: 'inet' | 'unspec', threads: number): Goal[] {
  const scenario = `getaddrinfo-${family}-${threads}`
  const pair: Figure = [scenario, 'ours-ours', 'rate']
  const text = `getaddrinfo/s, AF_${family.toUpperCase()}, ${threads} thread${threads > 1 ? 's' : ''}, ours with ours`
  return [
    ratio(`${text} / the original pair`, pair, [scenario, 'real-resolved', 'rate'], { atLeast: 2.5 }),
    ratio(`the same / dns of glibc with unbound`, pair, [scenario, 'dns-unbound', 'rate'], { atLeast: 1 }),
  ]
}

/** Of a question on a warm connection beside one over UDP. */
function added(what: string, row: string): Goal {
  const text = `added latency over ${what}, p50 / a round trip of 20 ms`
  return single(text, ['encrypted', row, 'added'], { atMost: 0.1 }, 1 / ROUND_TRIP)
}

function paused(what: string, row: string): Goal {
  return worst(`CPU time of ours in a latency when ${what}, ms`, ['pause', row, 'workAfter'], { atMost: 2 }, MILLI)
}

/** A hundred times as much takes at most as much longer as its logarithm: twice, from 100 to 10,000. */
function grown(text: string, row: string): Goal {
  return single(text, ['growth', row, 'ratio'], { atMost: 2 })
}

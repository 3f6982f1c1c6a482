import type { ScenarioResult } from './report.ts'

interface Goal {
  readonly text: string
  /** Undefined when one of the figures was not measured. */
  readonly value: (get: Get) => number | undefined
  /** What a program that does nothing has in the same run: a figure below it says more about the machine. */
  readonly floor?: (get: Get) => number | undefined
  readonly atMost?: number
  readonly atLeast?: number
}

/** Scenario, row, figure. */
type Get = (scenario: string, row: string, key: string) => number | undefined

/** Of an ordinary way to a server, in microseconds. */
const ROUND_TRIP = 20_000

/** What we hold ourselves to: ratios within one run, so that they mean the same on any machine. */
const goals: readonly Goal[] = [
  goal('CPU per cached answer / C echo', ['cached-1000', 'ours', 'cpu'], ['cached-1000', 'echo', 'cpu'], {
    atMost: 1.4,
  }),
  goal('CPU per cached answer / unbound', ['cached-1000', 'ours', 'cpu'], ['cached-1000', 'unbound', 'cpu'], {
    atMost: 1.1,
  }),
  goal('CPU per cached answer / resolved', ['cached-1000', 'ours', 'cpu'], ['cached-1000', 'resolved', 'cpu'], {
    atMost: 0.45,
  }),
  goal('cached q/s / unbound', ['cached-1000', 'ours', 'qps'], ['cached-1000', 'unbound', 'qps'], { atLeast: 0.95 }),
  goal('cached q/s / resolved', ['cached-1000', 'ours', 'qps'], ['cached-1000', 'resolved', 'qps'], { atLeast: 2.3 }),
  goal('cached q/s, 10,000 names / resolved', ['cached-10000', 'ours', 'qps'], ['cached-10000', 'resolved', 'qps'], {
    atLeast: 6,
  }),
  single('cached queries lost', ['cached-1000', 'ours', 'lost'], { atMost: 0 }),
  goal('cached q/s, 100,000 names / 1,000', ['cached-100000', 'ours', 'qps'], ['cached-1000', 'ours', 'qps'], {
    atLeast: 0.85,
  }),
  goal('CPU, 100,000 names / 1,000', ['cached-100000', 'ours', 'cpu'], ['cached-1000', 'ours', 'cpu'], {
    atMost: 1.15,
  }),
  goal('cached q/s, 200 links / 1', ['links-200', 'ours', 'qps'], ['cached-1000', 'ours', 'qps'], { atLeast: 0.85 }),
  goal('CPU, 200 links / 1', ['links-200', 'ours', 'cpu'], ['cached-1000', 'ours', 'cpu'], { atMost: 1.15 }),
  goal('cold misses q/s / resolved', ['cold', 'ours', 'qps'], ['cold', 'resolved', 'qps'], { atLeast: 1.5 }),
  goal('misses over TLS q/s / our own over UDP', ['cold-tls', 'ours', 'qps'], ['cold-tls', 'ours-udp', 'qps'], {
    atLeast: 0.8,
  }),
  goal('the same, CPU', ['cold-tls', 'ours', 'cpu'], ['cold-tls', 'ours-udp', 'cpu'], { atMost: 1.25 }),
  goal('misses over TLS q/s / resolved', ['cold-tls', 'ours', 'qps'], ['cold-tls', 'resolved', 'qps'], { atLeast: 1 }),
  single('misses over HTTP/2, CPU µs each', ['cold-https', 'ours', 'cpu'], { atMost: 500 }),
  added('TLS', 'ours-tls'),
  added('HTTP/2', 'ours-https'),
  goal(
    'CPU per TLS handshake / unbound',
    ['encrypted', 'ours-tls', 'handshake'],
    ['encrypted', 'unbound-tls', 'handshake'],
    {
      atMost: 2,
    },
  ),
  single('KiB per idle TLS connection', ['encrypted', 'ours-tls', 'perConnection'], { atMost: 128 }),
  goal(
    'warm validated misses q/s / resolved',
    ['validated-misses', 'ours', 'qps'],
    ['validated-misses', 'resolved', 'qps'],
    { atLeast: 1 },
  ),
  goal(
    'warm validated misses q/s / our own unvalidated',
    ['validated-misses', 'ours', 'qps'],
    ['validated-misses', 'ours-unvalidated', 'qps'],
    { atLeast: 0.7 },
  ),
  goal('the same, RSA', ['validated-misses-rsa', 'ours', 'qps'], ['validated-misses-rsa', 'ours-unvalidated', 'qps'], {
    atLeast: 0.7,
  }),
  goal(
    'packets for a validated miss / unvalidated',
    ['validated-misses', 'ours', 'upstream'],
    ['validated-misses', 'ours-unvalidated', 'upstream'],
    { atMost: 1.01 },
  ),
  goal(
    'CPU per cached answer, validated / not',
    ['validated-cached', 'ours', 'cpu'],
    ['validated-cached', 'ours-unvalidated', 'cpu'],
    { atMost: 1.05 },
  ),
  goal('latency of a cold chain / resolved', ['cold-chains', 'ours', 'p50'], ['cold-chains', 'resolved', 'p50'], {
    atMost: 1,
  }),
  goal('TCP q/s / unbound', ['tcp', 'ours', 'qps'], ['tcp', 'unbound', 'qps'], { atLeast: 1 }),
  goal('TCP q/s / resolved', ['tcp', 'ours', 'qps'], ['tcp', 'resolved', 'qps'], { atLeast: 1.6 }),
  goal('p99.9 at 20,000 q/s / resolved', ['cached-1000', 'ours', 'p999'], ['cached-1000', 'resolved', 'p999'], {
    atMost: 1,
  }),
  goal('p50 at 2,000 q/s / unbound', ['cached-1000', 'ours', 'lone'], ['cached-1000', 'unbound', 'lone'], {
    atMost: 1,
  }),
  {
    ...single('longest latency after a flush, ms', ['flush', 'ours', 'after'], { atMost: 2 }, 1 / 1000),
    floor: (get) => scaled(get('flush', 'echo', 'after'), 1 / 1000),
  },
  single('of a latency then, CPU time of ours at most, ms', ['flush', 'ours', 'workAfter'], { atMost: 2 }, 1 / 1000),
  paused('half of 100,000 names go to another link', 'purge'),
  paused('a reload', 'reload'),
  paused('1,000 changes of links', 'storm'),
  single(
    'p99 of a cached answer then, CPU time of ours at most, ms',
    ['pause', 'storm', 'work99'],
    { atMost: 5 },
    1 / 1000,
  ),
  single('answers lost then', ['pause', 'storm', 'lost'], { atMost: 0 }),
  single('stale answers after a flush', ['flush', 'ours', 'stale'], { atMost: 0 }),
  single('bytes allocated for a miss', ['budget', 'heap', 'bytes'], { atMost: 40_000 }),
  single('promises for a miss', ['budget', 'made', 'promises'], { atMost: 27 }),
  single('timers and ticks for a miss', ['budget', 'made', 'others'], { atMost: 11 }),
  single('system calls for a miss', ['budget', 'calls', 'systemCalls'], { atMost: 27 }),
  single('start to first answer, ms', ['start', 'ours', 'ms'], { atMost: 120 }),
  single('RSS idle, MiB', ['cached-1000', 'ours', 'idle'], { atMost: 45 }, 1 / 1024),
  single('RSS idle with 200 links, MiB', ['links-200', 'ours', 'idle'], { atMost: 75 }, 1 / 1024),
  single('wall time of a client call / bare node', ['client', 'query', 'msRatio'], { atMost: 1.5 }),
  single('CPU of a client call / bare node', ['client', 'query', 'cpuRatio'], { atMost: 1.5 }),
  single('cached q/s, watched / not', ['watch', 'cached', 'qpsRatio'], { atLeast: 0.97 }),
  single('cold misses q/s, watched / not', ['watch', 'misses', 'qpsRatio'], { atLeast: 0.97 }),
  grown('CPU to route a name, 10,000 routing domains / 100', 'domains'),
  grown('the same, 10,000 links / 100', 'links'),
  grown('the same, names of addresses', 'reverse'),
  grown('CPU to look a name up, 1,000,000 hosts lines / 10,000', 'present'),
  grown('the same, a name that is not there', 'absent'),
  grown('CPU to read each of the lines', 'read'),
  single('longest turn while 1,000,000 hosts lines are read, ms', ['growth', 'read', 'longest'], { atMost: 5 }),
  single('memory for each of them, the file included, bytes', ['growth', 'read', 'bytes'], { atMost: 80 }),
  single('CPU for a change of one of 1,000 links, ms', ['growth', 'change', 'third'], { atMost: 5 }, 1 / 1000),
  single(
    'RSS per cached name, KiB, right after the load',
    ['cached-100000', 'ours', 'perNameAtOnce'],
    { atMost: 1 },
    1 / 1024,
  ),
  single('RSS per cached name, KiB, a minute later', ['cached-100000', 'ours', 'perName'], { atMost: 1 }, 1 / 1024),
  goal(
    'getaddrinfo/s, ours with ours / the original pair',
    ['getaddrinfo-inet-1', 'ours-ours', 'rate'],
    ['getaddrinfo-inet-1', 'real-resolved', 'rate'],
    { atLeast: 1.3 },
  ),
]

/** One line for each goal. */
export function judge(results: readonly ScenarioResult[]): string {
  const get: Get = (scenario, row, key) =>
    results.find(({ name }) => name === scenario)?.rows.find(({ name }) => name === row)?.medians[key]
  return goals
    .map(({ text, value, floor, ...bound }) => verdict(text, value(get), bound) + remark(floor?.(get)))
    .join('\n')
}

function verdict(
  text: string,
  value: number | undefined,
  { atMost, atLeast }: Pick<Goal, 'atMost' | 'atLeast'>,
): string {
  const wanted = atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`
  if (value === undefined) return `     ?   ${text}: not measured (${wanted})`
  const isMet = atMost === undefined ? value >= (atLeast ?? 0) : value <= atMost
  return `${(isMet ? 'ok' : 'MISSED').padStart(6)}   ${text}: ${value.toFixed(2)} (${wanted})`
}

function remark(floor: number | undefined): string {
  return floor === undefined ? '' : `; the C echo in this run: ${floor.toFixed(2)}`
}

type Figure = readonly [scenario: string, row: string, key: string]
type Bound = Pick<Goal, 'atMost' | 'atLeast'>

function goal(text: string, ours: Figure, theirs: Figure, bound: Bound): Goal {
  const value = (get: Get) => {
    const [a, b] = [get(...ours), get(...theirs)]
    return a === undefined || b === undefined ? undefined : a / b
  }
  return { text, value, ...bound }
}

/** Of a question on a warm connection beside one over UDP. */
function added(what: string, row: string): Goal {
  const [figure, scale] = [['encrypted', row, 'added'] as const, 1 / ROUND_TRIP]
  return single(`added latency over ${what}, p50 / a round trip of 20 ms`, figure, { atMost: 0.1 }, scale)
}

function paused(text: string, row: string): Goal {
  return single(`the same for ${text}`, ['pause', row, 'workAfter'], { atMost: 2 }, 1 / 1000)
}

/** A hundred times as much takes at most as much longer as its logarithm: twice, from 100 to 10,000. */
function grown(text: string, row: string): Goal {
  return single(text, ['growth', row, 'ratio'], { atMost: 2 })
}

function single(text: string, figure: Figure, bound: Bound, scale = 1): Goal {
  return { text, value: (get) => scaled(get(...figure), scale), ...bound }
}

function scaled(figure: number | undefined, scale: number): number | undefined {
  return figure === undefined ? undefined : figure * scale
}

import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { Lifetime } from '../src/base/index.ts'
import { withPriority } from '../test/lab/kit/priority.ts'
import { budget } from './budget-scenario.ts'
import { client } from './client-scenario.ts'
import { type Disturbance, Watcher } from './disturbance.ts'
import { encrypted } from './encrypted-scenario.ts'
import { coldChains, signatures, validatedCached, validatedMisses } from './dnssec-scenarios.ts'
import { goals } from './goals.ts'
import { growth } from './growth.ts'
import { hour } from './hour-scenario.ts'
import { judge } from './judge.ts'
import { cached, cold, coldEncrypted, manyLinks, mixed, tcp } from './load-scenarios.ts'
import { micro } from './micro.ts'
import { HELP, type Options, parseOptions } from './options.ts'
import { flush, getaddrinfo, startUp } from './other-scenarios.ts'
import { fetchPrograms } from './packages.ts'
import { pauses } from './pause-scenario.ts'
import { loadPeers, type Placing } from './peers.ts'
import { medians, type RowResult, type ScenarioResult, table } from './report.ts'
import type { Bench, Figures, Row, Scenario, Subject } from './scenario.ts'
import { resting } from './rest-scenario.ts'
import { watched } from './watch-scenario.ts'

try {
  const options = parseOptions(process.argv.slice(2))
  if (options.help) process.stdout.write(HELP)
  else await run(options)
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function run(options: Options): Promise<void> {
  // Everything started from here shares these cores, as load and server do.
  await promisify(execFile)('taskset', ['-a', '-p', '-c', options.cores, String(process.pid)])
  await fetchPrograms()
  const bench: Bench = { options, peers: await loadPeers(options.nodeFlags, placingOf(options)) }
  await using watcher = await Watcher.open(options.cores)
  const results: ScenarioResult[] = []
  for (const scenario of wanted(scenarios(bench), options)) {
    const result = await measure(scenario, options, watcher)
    results.push(result)
    process.stdout.write(`${table(scenario, result)}\n`)
  }
  if (results.length === 0) throw new Error('no scenario of that name')
  process.stdout.write(`### Goals\n\n${judge(goals, results, options.only.length === 0)}\n`)
  await write(options, results)
}

function placingOf({ ruler, cores, first }: Options): Placing {
  const startBy = first ? withPriority(-20) : []
  const pinned = ruler === 'shared' ? [] : ['taskset', '-c', /\d+$/.exec(cores)?.[0] ?? cores]
  return { startBy, loadBy: [...startBy, ...pinned] }
}

function scenarios(bench: Bench): Scenario[] {
  return [
    ...[1, 1000, 10_000, 100_000].map((count) => cached(bench, count)),
    manyLinks(bench),
    cold(bench, 'cold'),
    cold(bench, 'cold-servers'),
    cold(bench, 'cold-links'),
    coldEncrypted(bench, 'tls'),
    coldEncrypted(bench, 'https'),
    encrypted(bench),
    mixed(bench),
    tcp(bench),
    validatedMisses(bench, 'ecdsa'),
    validatedMisses(bench, 'rsa'),
    validatedCached(bench),
    coldChains(bench),
    signatures(bench.options.seconds),
    getaddrinfo(bench, 1, 'inet'),
    getaddrinfo(bench, 8, 'inet'),
    getaddrinfo(bench, 1, 'unspec'),
    getaddrinfo(bench, 8, 'unspec'),
    budget(bench),
    startUp(bench),
    flush(bench),
    pauses(bench),
    watched(bench),
    resting(bench),
    hour(bench),
    client(bench),
    micro(bench.options.seconds),
    growth(bench.options.seconds),
  ]
}

function wanted(all: readonly Scenario[], { only, peers, rows: chosen }: Options): Scenario[] {
  const isNamed = (name: string) => only.some((each) => `${name}-`.startsWith(`${each}-`))
  const named = all.filter(({ name, isLong }) => isNamed(name) || (only.length === 0 && isLong !== true))
  const fits = ({ name, peer }: Row) =>
    (peer === undefined || peers === undefined || peers.includes(peer)) &&
    (chosen.length === 0 || chosen.includes(name))
  return named.map(({ rows, ...scenario }) => Object.assign(scenario, { rows: rows.filter(fits) }))
}

interface Entrant {
  readonly row: Row
  readonly subject: Subject | undefined
  readonly rounds: Figures[]
  /** Of each round. */
  readonly disturbances: Disturbance[]
  /** After all rounds. */
  settled: Figures
  problem: string | undefined
}

/** All are made ready, then measured in turn, round by round, each round beginning with another; then all are taken down. */
async function measure(
  { name, title, repeats = 1, rows }: Scenario,
  { rounds }: Options,
  watcher: Watcher,
): Promise<ScenarioResult> {
  await using life = new Lifetime()
  const entrants: Entrant[] = []
  for (const row of rows) {
    progress(`${name}: preparing ${row.title}`)
    const entrant = await enter(row)
    if (entrant.subject !== undefined) life.adopt(entrant.subject)
    entrants.push(entrant)
  }
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < entrants.length; i++) {
      const entrant = entrants[(i + round) % entrants.length] as Entrant
      progress(`${name}: round ${round + 1} of ${rounds}, ${entrant.row.title}`)
      for (let repeat = 0; repeat < repeats; repeat++) await attempt(entrant, watcher)
    }
  }
  progress(`${name}: nobody asks any more`)
  await Promise.all(entrants.map(settle))
  progress('')
  return { name, title, rows: entrants.map(resultOf) }
}

/** A row that cannot be measured says so in its place; the others go on. */
async function enter(row: Row): Promise<Entrant> {
  try {
    return { row, subject: await row.open(), rounds: [], disturbances: [], settled: {}, problem: undefined }
  } catch (error) {
    return { row, subject: undefined, rounds: [], disturbances: [], settled: {}, problem: reason(error) }
  }
}

async function attempt(entrant: Entrant, watcher: Watcher): Promise<void> {
  if (entrant.subject === undefined || entrant.problem !== undefined) return
  try {
    await watcher.look()
    entrant.rounds.push(await entrant.subject.measure())
    entrant.disturbances.push(await watcher.look())
  } catch (error) {
    entrant.problem = reason(error)
  }
}

async function settle(entrant: Entrant): Promise<void> {
  if (entrant.problem !== undefined) return
  try {
    entrant.settled = (await entrant.subject?.settle?.()) ?? {}
  } catch (error) {
    entrant.problem = reason(error)
  }
}

function resultOf({ row: { name, title }, rounds, disturbances, settled, problem }: Entrant): RowResult {
  return { name, title, medians: { ...medians(rounds), ...settled }, rounds, disturbances, problem }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message.trim() : String(error)
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

async function write(
  { out, rounds, seconds, cores, ruler, first }: Options,
  results: readonly ScenarioResult[],
): Promise<void> {
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores, node: process.version }
  const text = JSON.stringify(
    { date: new Date().toISOString().slice(0, 10), machine, ruler, first, rounds, seconds, results },
    null,
    2,
  )
  await mkdir(dirname(out), { recursive: true })
  await writeFile(out, `${text}\n`)
  process.stdout.write(`\nMedians of ${rounds} rounds: ${out}\n`)
}

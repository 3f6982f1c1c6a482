import { type SignedZones, type SignedZoneSpec, signZones } from '../test/lab/kit/signed-zones.ts'
import { SigningKey } from '../test/kit/signing-key.ts'
import { nodeAlgorithms } from '../src/dnssec/index.ts'
import { signedData } from '../src/dnssec/canonical.ts'
import { readRrsig } from '../src/dnssec/rdata.ts'
import { nameOf, recordOf, TYPE } from '../src/wire/index.ts'
import { dnsperf, measuredLoad } from './dnsperf.ts'
import { loadColumns, subject } from './load-scenarios.ts'
import { numberedNames, SIGNED_ZONE } from './questions.ts'
import type { PeerName } from './peers.ts'
import type { Bench, Figures, Row, Scenario } from './scenario.ts'
import { Scene, STUB } from './scene.ts'
import { steady } from './steady.ts'

/** Each measurement asks for so many names that nobody asked for before. */
const MISSES = 12_000
const WARM_UP = 8000
const CACHED = 1000
/** Zones of each round for which nothing is known, one after the other. */
const CHAINS = 50
const CHAINS_PER_SECOND = 25

const ALGORITHMS = {
  ecdsa: { name: 'validated-misses', title: 'ECDSA with the 256-bit curve', algorithm: 'ECDSAP256SHA256' },
  rsa: { name: 'validated-misses-rsa', title: 'RSA of 2048 bits', algorithm: 'RSASHA256', rsaBits: 2048 },
} as const

/** Who is measured: ours also without validation, on the same zones. */
const VALIDATORS: readonly { readonly name: string; readonly peer: PeerName; readonly mode: 'yes' | 'no' }[] = [
  { name: 'ours', peer: 'ours', mode: 'yes' },
  { name: 'ours-unvalidated', peer: 'ours', mode: 'no' },
  { name: 'resolved', peer: 'resolved', mode: 'yes' },
  { name: 'unbound', peer: 'unbound', mode: 'yes' },
]

/** Misses in a signed zone whose chain is known. BIND answers them, and shares the cores. */
export function validatedMisses(bench: Bench, algorithm: keyof typeof ALGORITHMS): Scenario {
  const { name, title, ...key } = ALGORITHMS[algorithm]
  const zones = once(() => signZones([...above(), { ...bigZone(WARM_UP + MISSES * bench.options.rounds), ...key }]))
  return {
    name,
    title: `Warm validated misses, UDP, ${title}, upstream BIND`,
    columns: loadColumns,
    rows: validatorRows(bench, VALIDATORS, zones, async (scene) => {
      let next = WARM_UP
      await dnsperf(scene, { questions: await numberedNames(scene, 0, WARM_UP), seconds: 60, once: true })
      return async () => {
        const questions = await numberedNames(scene, next, MISSES)
        next += MISSES
        return measuredLoad(scene, { questions, seconds: 60, once: true })
      }
    }),
  }
}

/** What is in the cache is there with its verdict. */
export function validatedCached(bench: Bench): Scenario {
  const zones = once(() => signZones([...above(), bigZone(CACHED)]))
  const ours = VALIDATORS.filter(({ peer }) => peer === 'ours')
  return {
    name: 'validated-cached',
    title: 'Cached, UDP, 1,000 names of a signed zone',
    columns: loadColumns,
    rows: validatorRows(bench, ours, zones, async (scene) => {
      const questions = await numberedNames(scene, 0, CACHED)
      await dnsperf(scene, { questions, seconds: 60, once: true })
      await dnsperf(scene, { questions, seconds: 1 })
      return () => measuredLoad(scene, { questions, seconds: bench.options.seconds })
    }),
  }
}

/** The first name of a zone below one that is known: its keys and DS records have to come too. */
export function coldChains(bench: Bench): Scenario {
  const zones = once(() => signZones([...above(), bigZone(1), ...smallZones(bench.options.rounds + 1)]))
  return {
    name: 'cold-chains',
    title: `First name of a signed zone, ${CHAINS_PER_SECOND} zones per second`,
    columns: [
      { key: 'p50', title: 'p50 µs', digits: 0 },
      { key: 'p99', title: 'p99 µs', digits: 0 },
      { key: 'lost', title: 'lost' },
      { key: 'upstream', title: 'upstream/q', digits: 2 },
    ],
    rows: validatorRows(bench, VALIDATORS, zones, async (scene) => {
      let round = 0
      const measure = async (): Promise<Figures> => {
        const packets = await scene.upstreamPackets()
        const pace = { rate: CHAINS_PER_SECOND, seconds: CHAINS / CHAINS_PER_SECOND, count: CHAINS }
        const { p50, p99, lost } = await steady(scene, { ...pace, zone: `r${round++}.${SIGNED_ZONE}` })
        const upstream = ((await scene.upstreamPackets()) - packets) / CHAINS
        return { p50, p99, lost, upstream }
      }
      await measure() // compiled by then
      return measure
    }),
  }
}

/** One check of a signature over one address record, and the import of its key, by algorithm. */
export function signatures(seconds: number): Scenario {
  const algorithms = nodeAlgorithms().signatures
  return {
    name: 'signatures',
    title: 'Checking a signature, in this process',
    columns: [
      { key: 'check', title: 'check µs', digits: 0 },
      { key: 'import', title: 'import of a key µs', digits: 0 },
    ],
    rows: [...algorithms].map(([number, algorithm]): Row => {
      const open = async () => {
        const { set, rrsig, publicKey } = signedSet(number)
        const check = algorithm.importKey(publicKey)
        const verify = () => check?.verify(signedData(set, rrsig) ?? Buffer.alloc(0), rrsig.signature) === true
        const measure = async () => ({
          check: timed(verify, seconds / 4),
          import: timed(() => algorithm.importKey(publicKey) !== undefined, seconds / 4),
        })
        return { measure, [Symbol.asyncDispose]: async () => undefined }
      }
      return { name: String(number), title: `${number} ${algorithm.name}`, peer: undefined, open }
    }),
  }
}

function signedSet(algorithm: number) {
  const name = nameOf('www.bench.test')
  const key = new SigningKey(algorithm, 256, 2048)
  const records = [recordOf(name, TYPE.A, Uint8Array.of(192, 0, 2, 1), 300)]
  const rrsig = readRrsig(key.sign(records, nameOf('bench.test'), [0, 2 ** 31]))
  if (rrsig === undefined) throw new Error('the signature cannot be read')
  const set = { name, type: TYPE.A, class: 1, ttl: 300, records, signatures: [rrsig] }
  return { set, rrsig, publicKey: key.rdata.subarray(4) }
}

/** Microseconds for one, at its fastest tenth. @throws where it does not work */
function timed(run: () => boolean, seconds: number): number {
  const times: number[] = []
  for (const until = performance.now() + seconds * 1000; performance.now() < until; ) {
    const begin = process.hrtime.bigint()
    for (let i = 0; i < 10; i++) if (!run()) throw new Error('it does not verify')
    times.push(Number(process.hrtime.bigint() - begin) / 10_000)
  }
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 10)] ?? NaN
}

function validatorRows(
  { peers }: Bench,
  validators: typeof VALIDATORS,
  zones: () => Promise<SignedZones>,
  prepare: (scene: Scene) => Promise<() => Promise<Figures>>,
): Row[] {
  return validators.map(({ name, peer, mode }) => ({
    name,
    title: mode === 'yes' ? peers[peer].title : `${peers[peer].title}, DNSSEC=no`,
    peer,
    open: async () => {
      const scene = await Scene.open(peers[peer], { cacheSize: 4096, signed: { zones: await zones(), mode } })
      try {
        await checkMode(scene, mode)
        return subject(scene, await prepare(scene))
      } catch (cause) {
        await scene[Symbol.asyncDispose]()
        throw cause
      }
    },
  }))
}

/** @throws where a server does not validate, or does so unasked */
async function checkMode(scene: Scene, mode: 'yes' | 'no'): Promise<void> {
  const text = await scene.world.run(['dig', '+adflag', `@${STUB}`, `awake.${SIGNED_ZONE}`, 'A'])
  const isVerified = /flags:[^;]* ad\b/.test(text)
  if (isVerified !== (mode === 'yes')) throw new Error(isVerified ? 'it validates unasked' : 'it does not validate')
}

/** The root, and what stands for a top-level domain. */
function above(): SignedZoneSpec[] {
  return [{ apex: '.' }, { apex: 'zz', records: ['ns 300 A 192.0.2.53'] }]
}

function bigZone(names: number): SignedZoneSpec {
  const records = Array.from({ length: names }, (_, i) => `n${i} 300 A 192.0.2.1`)
  return { apex: SIGNED_ZONE, records: ['awake 300 A 192.0.2.1', ...records] }
}

function smallZones(rounds: number): SignedZoneSpec[] {
  return Array.from({ length: rounds * CHAINS }, (_, i): SignedZoneSpec => {
    const apex = `n${i % CHAINS}.r${Math.floor(i / CHAINS)}.${SIGNED_ZONE}`
    return { apex, records: ['@ 300 A 192.0.2.1'] }
  })
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}

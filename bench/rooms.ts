import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Clock, Random } from '../src/base/index.ts'
import type { ScopeServices } from '../src/scope/index.ts'

export const random: Random = { below: (bound) => Math.floor(Math.random() * bound) }

const root = join(import.meta.dirname, '..')
const rooms = join(root, '.cache/bench/rooms')
let built: Promise<unknown> | undefined

/** As the programs are built, not what tsx makes: that would wrap every function. */
export async function room<T>(name: string): Promise<T> {
  // Found by hand: for esbuild 'src/*/index.ts' matches nothing.
  const entryPoints = readdirSync(join(root, 'src'))
    .map((folder) => `src/${folder}/index.ts`)
    .filter((path) => existsSync(join(root, path)))
  const entries = { absWorkingDir: root, entryPoints, outbase: 'src', outdir: rooms }
  const options = { bundle: true, splitting: true, packages: 'external', target: 'node20' } as const
  await (built ??= build({ ...entries, ...options, format: 'esm', platform: 'node' }))
  return (await import(join(rooms, name, 'index.js'))) as T
}

/** Scopes whose servers are never asked; none yet. */
export async function newScopeSet() {
  const { ScopeSet, TransactionCounts } = await room<typeof import('../src/scope/index.ts')>('scope')
  const { Logger } = await room<typeof import('../src/base/index.ts')>('base')
  const { DEFAULT_LIMITS, nodeAlgorithms } = await room<typeof import('../src/dnssec/index.ts')>('dnssec')
  const clock: Clock = { now: () => 1000, wall: () => 1000, after: () => ({ [Symbol.dispose]: () => undefined }) }
  const log = new Logger('info', () => undefined)
  const dnssec = {
    algorithms: nodeAlgorithms(),
    limits: DEFAULT_LIMITS,
    check: () => undefined,
    turn: () => Promise.resolve(),
    turnIfBusy: () => undefined,
  }
  const transport: ScopeServices['transport'] = { exchange: () => () => undefined, prepare: () => undefined }
  return new ScopeSet({ transport, clock, random, log, counts: new TransactionCounts(), dnssec })
}

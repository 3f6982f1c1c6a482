import type { Random } from '../../src/base/index.ts'
import { type Coverage, type Feature, placeOf } from './coverage.ts'
import { costOf, excessOf, limitsOf } from './limits.ts'
import { type Material, Mutations } from './mutations.ts'
import type { Target } from './target.ts'

/** An input that must not be, and why. */
export interface Finding {
  readonly kind: 'error' | 'cost'
  readonly reason: string
  readonly input: Buffer
}

export interface EngineOptions {
  /** The instrumented target, and the same as it is: what costs too much is measured with that. */
  readonly instrumented: Target
  readonly plain: Target
  readonly coverage: Coverage
  readonly dictionary: readonly Buffer[]
  readonly random: Random
  /** Called before each run: the input is what to blame should it never end. */
  readonly onRun: (input: Buffer) => void
  readonly onFinding: (finding: Finding) => void
}

/** Inputs kept, at most: beyond that the oldest go. */
const MAX_CORPUS = 8192
/** Mutations made of one input before another is taken. */
const ROUNDS = 16
/** Of these the next is chosen half of the time: what is new leads on. */
const RECENT = 32

/** Makes inputs of inputs, and keeps those that take a way through the code that none has taken before. */
export class Engine {
  readonly #options: EngineOptions
  readonly #mutations: Mutations
  readonly #known = new Set<Feature>()
  readonly #reasons = new Set<string>()
  readonly #corpus: Buffer[] = []
  executions = 0

  constructor(options: EngineOptions) {
    this.#options = options
    this.#mutations = new Mutations(options.random, options.instrumented.maxLength)
  }

  get corpus(): readonly Buffer[] {
    return this.#corpus
  }

  get features(): number {
    return this.#known.size
  }

  /** Runs inputs as they are. */
  async load(inputs: readonly Buffer[]): Promise<void> {
    for (const input of inputs) await this.#try(input.subarray(0, this.#options.instrumented.maxLength))
    if (this.#corpus.length === 0) this.#corpus.push(Buffer.from('\n'))
  }

  /** One input, and what is made of it. */
  async step(): Promise<void> {
    const { random, dictionary, coverage } = this.#options
    const input = this.#choose()
    coverage.isWatchingPairs = true
    await this.#try(input)
    const pairs = [...coverage.pairs]
    coverage.isWatchingPairs = false
    for (let round = 0; round < ROUNDS; round++) {
      const other = this.#corpus[random.below(this.#corpus.length)] as Buffer
      const material: Material = { dictionary, pairs, other }
      await this.#try(this.#mutations.mutate(input, material))
    }
  }

  /** The fewest and shortest inputs that together come through every place that any of them does. */
  async minimal(): Promise<readonly Buffer[]> {
    const { coverage, instrumented, onRun } = this.#options
    const covered = new Set<number>()
    const kept: Buffer[] = []
    for (const input of this.#corpus.toSorted((a, b) => a.length - b.length)) {
      onRun(input)
      coverage.reset()
      const problem = await problemOf(instrumented, input)
      const places = coverage.features().map(placeOf)
      if (problem !== undefined || places.every((place) => covered.has(place))) continue
      for (const place of places) covered.add(place)
      kept.push(input)
    }
    return kept
  }

  #choose(): Buffer {
    const { random } = this.#options
    const count = this.#corpus.length
    const index = random.below(2) === 0 ? Math.max(0, count - 1 - random.below(RECENT)) : random.below(count)
    return this.#corpus[index] as Buffer
  }

  async #try(input: Buffer): Promise<void> {
    const { instrumented, coverage, onRun } = this.#options
    onRun(input)
    this.executions++
    coverage.reset()
    let problem: string | undefined
    const cost = await costOf(async () => {
      problem = await problemOf(instrumented, input)
    })
    if (problem !== undefined) return this.#tell('error', problem, input)
    const isNew = this.#learn(coverage.features())
    if (isNew) this.#keep(input)
    const limits = limitsOf(instrumented, input.length)
    if (cost.time > limits.time || cost.memory > limits.memory) await this.#suspect(input)
  }

  #learn(features: readonly Feature[]): boolean {
    const before = this.#known.size
    for (const feature of features) this.#known.add(feature)
    return this.#known.size > before
  }

  #keep(input: Buffer): void {
    this.#corpus.push(Buffer.from(input))
    if (this.#corpus.length > MAX_CORPUS) this.#corpus.shift()
  }

  async #suspect(input: Buffer): Promise<void> {
    const excess = await excessOf(this.#options.plain, input)
    if (excess !== undefined) this.#tell('cost', excess, input)
  }

  /** Each kind of problem once. */
  #tell(kind: Finding['kind'], reason: string, input: Buffer): void {
    const key = kind === 'cost' ? reason.replaceAll(/\d+(\.\d+)?/g, 'N') : reason.split('\n').slice(0, 3).join('\n')
    if (this.#reasons.has(key)) return
    this.#reasons.add(key)
    this.#options.onFinding({ kind, reason, input: Buffer.from(input) })
  }
}

/** What running the input threw, with where; undefined when it threw nothing. */
export async function problemOf(target: Target, input: Buffer): Promise<string | undefined> {
  try {
    const pending = target.run(input)
    if (pending !== undefined) await pending
    return undefined
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  }
}

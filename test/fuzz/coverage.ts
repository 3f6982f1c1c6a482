/** A place in the code and how often an input came through it, roughly: 1, 2, 3, 4–7, 8–15, 16–31, 32–127, more. */
export type Feature = number

const BUCKETS = 8
const BUCKET_OF = Uint8Array.from({ length: 256 }, (_, hits) => {
  if (hits < 4) return hits
  return 4 + [8, 16, 32, 128].filter((bound) => hits >= bound).length
}).map((bucket) => Math.min(bucket, BUCKETS))
/** Pairs that are kept of one run. */
const MAX_PAIRS = 64
const MAX_TEXT = 64

/** Two values that were compared and are different: what would have to stand in the input to make them equal. */
export type Pair = readonly [string, string] | readonly [number, number]

/**
 * What instrumented code tells of a run (`instrument.ts`): it adds to `hits` at the place of each branch, and compares
 * through `equal`.
 */
export class Coverage {
  readonly hits: Uint8Array
  readonly pairs: Pair[] = []
  isWatchingPairs = false
  readonly #words: Uint32Array

  constructor(places: number) {
    const size = Math.ceil((places + 1) / 4) * 4
    this.hits = new Uint8Array(size)
    this.#words = new Uint32Array(this.hits.buffer)
  }

  /** Before a run. */
  reset(): void {
    this.hits.fill(0)
    this.pairs.length = 0
  }

  readonly equal = (a: unknown, b: unknown): boolean => {
    if (this.isWatchingPairs && a !== b) this.#note(a, b)
    return a === b
  }

  /** What the run came through. */
  features(): Feature[] {
    const found: Feature[] = []
    for (let word = 0; word < this.#words.length; word++) {
      if (this.#words[word] === 0) continue
      for (let at = word * 4; at < word * 4 + 4; at++) {
        const hits = this.hits[at] as number
        if (hits > 0) found.push(at * BUCKETS + (BUCKET_OF[hits] as number) - 1)
      }
    }
    return found
  }

  #note(a: unknown, b: unknown): void {
    if (this.pairs.length >= MAX_PAIRS) return
    if (typeof a === 'number' && typeof b === 'number') {
      if (Number.isInteger(a) && Number.isInteger(b)) this.pairs.push([a, b])
    } else if (typeof a === 'string' && typeof b === 'string') {
      if (a !== '' && a.length <= MAX_TEXT && b.length <= MAX_TEXT) this.pairs.push([a, b])
    }
  }
}

/** The place of a feature, without how often. */
export function placeOf(feature: Feature): number {
  return Math.floor(feature / BUCKETS)
}

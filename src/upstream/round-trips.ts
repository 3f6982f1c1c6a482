import type { Millis } from '../base/index.ts'

/** Patience with a server that has not answered yet (`ServerPatienceSec=`), and the bounds of what is learnt. */
export const FIRST_PATIENCE: Millis = 250
const SHORTEST: Millis = 60
/** Where messages get lost anyway, asking a quick server again sooner costs less than it gains. */
const SHORTEST_LOSSY: Millis = 30
const LONGEST: Millis = 1000
/** Answers that are remembered: enough for a 95th percentile, few enough to follow a change within a minute of use. */
const WINDOW = 64
const PERCENTILE = 0.95
/** A full window is sorted again only after so many answers, as sorting at each is a notable part of a cache miss. */
const STRIDE = 8
/**
 * Factor on the percentile: without it a second server would be asked for every twentieth question. With it that is rare
 * on a healthy network, and the wait still shorter than a person notices.
 */
const MARGIN = 1.5
/**
 * The slowest answer is remembered longer than the window: multiplied by `FADING` with each further answer, up to
 * `LONGEST_TAIL`. As long as nothing gets lost, waiting that long keeps questions with the preferred server, and the bound
 * keeps its failure unnoticed.
 */
const FADING = 0.999
const LONGEST_TAIL: Millis = 250
/** Longer than any exchange waits, so the machine was suspended meanwhile. */
const INCREDIBLE: Millis = 10_000
/** With fewer answers than this, the percentile says little, and the first patience is a floor. */
const ENOUGH = 4

/** How long one server takes to answer, from its last answers, late ones included. */
export class RoundTrips {
  /** A ring, of plain numbers: as objects on the heap they were a quarter of what a cache miss allocated. */
  readonly #samples = new Float64Array(WINDOW)
  #count = 0
  #next = 0
  /** The samples in order; undefined when they have to be sorted again. */
  #sorted: Float64Array | undefined
  #tail: Millis = 0

  /** Middle of the last answers; undefined before the first. */
  get typical(): Millis | undefined {
    return this.#inOrder()[Math.floor(this.#count / 2)]
  }

  add(took: Millis): void {
    if (took > INCREDIBLE) return
    this.#samples[this.#next] = Math.max(0, took)
    this.#next = (this.#next + 1) % WINDOW
    if (this.#count < WINDOW) this.#count++
    if (this.#count < WINDOW || this.#next % STRIDE === 0) this.#sorted = undefined
    this.#tail = Math.max(this.#tail * FADING, Math.min(LONGEST_TAIL, took))
  }

  /**
   * How long to wait before another server is asked as well; `first` while little is known. Where messages get lost,
   * waiting for the slowest answers is no use.
   */
  patience(first: Millis, isLossy: boolean): Millis {
    if (this.#count === 0) return first
    const floor = isLossy ? SHORTEST_LOSSY : Math.max(SHORTEST, this.#tail)
    const learnt = Math.min(LONGEST, Math.max(floor, this.#p95() * MARGIN))
    return this.#count < ENOUGH ? Math.max(first, learnt) : learnt
  }

  reset(): void {
    this.#count = 0
    this.#next = 0
    this.#sorted = undefined
    this.#tail = 0
  }

  #p95(): Millis {
    return this.#inOrder()[Math.floor((this.#count - 1) * PERCENTILE)] ?? 0
  }

  #inOrder(): Float64Array {
    return (this.#sorted ??= this.#samples.subarray(0, this.#count).toSorted())
  }
}

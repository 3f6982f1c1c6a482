import { randomFillSync } from 'node:crypto'
import type { Random } from '../base/index.ts'

const RANGE = 0x1_0000

/** Cryptographic randomness, drawn from the kernel-seeded generator two thousand numbers at a time. */
export class SystemRandom implements Random {
  readonly #pool = new Uint16Array(2048)
  #next = this.#pool.length

  /** Numbers above the last whole multiple of `bound` are thrown away, or the low ones would come more often. */
  below(bound: number): number {
    if (!(bound >= 1 && bound <= RANGE)) throw new RangeError(`no random number below ${bound}`)
    const limit = RANGE - (RANGE % bound)
    let drawn = this.#draw()
    while (drawn >= limit) drawn = this.#draw()
    return drawn % bound
  }

  #draw(): number {
    if (this.#next === this.#pool.length) {
      randomFillSync(this.#pool)
      this.#next = 0
    }
    const drawn = this.#pool[this.#next] as number
    this.#pool[this.#next++] = 0 // what was drawn is a port or an ID: it is not kept around
    return drawn
  }
}

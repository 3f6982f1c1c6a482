import { randomFillSync } from 'node:crypto'
import type { Random } from '../base/index.ts'

const RANGE = 0x1_0000

/** Cryptographic randomness, drawn from the kernel-seeded generator two thousand numbers at a time. */
export class SystemRandom implements Random {
  readonly #pool = new Uint16Array(2048)
  #next = this.#pool.length

  /** Numbers from the last whole multiple of `bound` on are drawn again, or low results would be more likely. */
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
    this.#pool[this.#next++] = 0 // ports and IDs must not stay in memory
    return drawn
  }
}

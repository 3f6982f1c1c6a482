import { randomFillSync } from 'node:crypto'
import type { Random } from '../base/index.ts'
import type { Libc } from './libc.ts'

const RANGE = 0x1_0000

/** Cryptographic randomness, drawn from the kernel, without the C library from OpenSSL, two thousand numbers at a time. */
export class SystemRandom implements Random {
  readonly #libc: Libc | undefined
  readonly #pool = new Uint16Array(2048)
  #next = this.#pool.length

  /** @param libc spares a start the 20 ms in which Node loads its cryptography */
  constructor(libc?: Libc) {
    this.#libc = libc
  }

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
      this.#fill()
      this.#next = 0
    }
    const drawn = this.#pool[this.#next] as number
    this.#pool[this.#next++] = 0 // ports and IDs must not stay in memory
    return drawn
  }

  /** A signal may end getrandom(2) early. */
  #fill(): void {
    if (this.#libc === undefined) return void randomFillSync(this.#pool)
    let bytes = Buffer.from(this.#pool.buffer)
    while (bytes.length > 0) bytes = bytes.subarray(this.#libc.call('getrandom', bytes, bytes.length, 0))
  }
}

import type { Name } from '../wire/index.ts'
import type { SignatureKey } from './algorithms.ts'

/** A signature that the validator wants checked before it goes on. It counts as wrong until that is done. */
export class SignatureCheck {
  readonly kind = 'check'
  /** Whose keys are used. */
  readonly zone: Name
  readonly #key: SignatureKey
  readonly #data: Buffer
  readonly #signature: Buffer
  #isGood = false
  #isAside = false

  constructor(zone: Name, key: SignatureKey, data: Buffer, signature: Buffer) {
    this.zone = zone
    this.#key = key
    this.#data = data
    this.#signature = signature
  }

  /** It takes no longer than to hand it to another thread. */
  get isQuick(): boolean {
    return this.#key.isQuick
  }

  /** It takes another thread half a millisecond or more. */
  get isDear(): boolean {
    return this.#key.isDear === true
  }

  get isGood(): boolean {
    return this.#isGood
  }

  /** It was made on another thread: others had their turn meanwhile. */
  get isAside(): boolean {
    return this.#isAside
  }

  /** At once, on this thread: some 0.1 ms, up to 1 ms for the 384-bit curve. */
  make(): void {
    this.#isGood = this.#key.verify(this.#data, this.#signature)
  }

  /** On another thread. */
  makeAside(done: () => void): void {
    this.#isAside = true
    this.#key.verifyAside(this.#data, this.#signature, (isGood) => {
      this.#isGood = isGood
      done()
    })
  }
}

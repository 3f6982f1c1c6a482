import { FormError } from './form-error.ts'

/** The bytes of a message between a name and what follows it: type and class, and for a record TTL and length. */
export interface FixedPart {
  readonly fixedAt: number
  readonly rdataAt: number
}

/** Whether the bytes from `from` to `to`, both included, touch one of `parts`, which are in the order of the message. */
export function touchesFixedPart(parts: readonly FixedPart[], from: number, to: number): boolean {
  let low = 0
  let high = parts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((parts[middle] as FixedPart).fixedAt <= to) low = middle + 1
    else high = middle
  }
  return low > 0 && (parts[low - 1] as FixedPart).rdataAt > from
}

/** What following a pointer costs beside the bytes it leads to: 8000 of them may stand before a single byte. */
const POINTER_COST = 8
/** What the names of the smallest message may cost: sixty of the longest. */
const FREE_COST = 16_384
/** What they may cost for each byte of the message; names that servers compress cost two at most. */
const COST_PER_BYTE = 4

/**
 * What holds for all names of one message. They lie outside its fixed parts, and reading all of them takes no more work
 * than is in proportion to the message: compression makes names of 255 bytes out of two, five thousand times in 64 KiB.
 */
export class NameLimits {
  /** In the order of the message. */
  readonly fixed: FixedPart[] = []
  #left: number

  constructor(message: Uint8Array) {
    this.#left = FREE_COST + COST_PER_BYTE * message.length
  }

  /** @throws {FormError} when all names together cost more than the message may */
  spend(cost: number, at: number): void {
    this.#left -= cost
    if (this.#left < 0) throw new FormError('names take up too much when expanded', at)
  }

  /** A pointer is about to be followed. @throws {FormError} as `spend` */
  followPointer(at: number): void {
    this.spend(POINTER_COST, at)
  }
}

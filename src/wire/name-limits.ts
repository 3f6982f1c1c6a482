import { FormError } from './form-error.ts'

/** Bytes between the owner of a record and its rdata: type, class, TTL and length. */
const FIXED_SIZE = 10
/** After the name of a question: type and class. */
const QUESTION_FIXED_SIZE = 4

/*
 * What reading takes, in units of some 6 ns, of which a byte of a name is one. The first pointer of a name is part of what
 * a name costs, so that a message that is written again, with compression, never costs more than the one it was read from.
 */
const RECORD_COST = 24
const NAME_COST = 16
/** 8000 of them may stand before a single byte. */
const POINTER_COST = 8
/** About a millisecond on a core that nobody else uses: 4,500 of the smallest records, 1,500 whose rdata is a name of 30 bytes, 190 owners of 255. */
const MOST = 110_000

/**
 * What holds for all names of one message. They lie outside its fixed parts, and reading all of it takes no more work
 * than that of a large answer: compression makes names of 255 bytes out of two, five thousand times in 64 KiB.
 */
export class NameLimits {
  /** Where records have their fixed parts, in the order of the message. */
  readonly #fixed: number[] = []
  readonly #questionEnd: number
  #left = MOST

  /** `questionEnd` is where the questions end, whose last has its type and class before that. */
  constructor(questionEnd: number) {
    this.#questionEnd = questionEnd
  }

  /** A record is about to be read whose fixed part is at `at`. @throws {FormError} when the message costs too much */
  addFixedPart(at: number): void {
    this.#fixed.push(at)
    this.#spend(RECORD_COST, at)
  }

  /** A name of `length` bytes is read, or made a text. @throws {FormError} when the message costs too much */
  read(length: number, at: number): void {
    this.#spend(NAME_COST + length, at)
  }

  /** A pointer is about to be followed that is not the first of its name. @throws {FormError} as `read` */
  followPointer(at: number): void {
    this.#spend(POINTER_COST, at)
  }

  /** A pointer led to the bytes `from` to `to`, both included. @throws {FormError} where they touch a fixed part */
  staysOutside(from: number, to: number): void {
    if (from < this.#questionEnd ? to >= this.#questionEnd - QUESTION_FIXED_SIZE : this.#touchesRecord(from, to)) {
      throw new FormError('name runs through a record', from)
    }
  }

  #touchesRecord(from: number, to: number): boolean {
    const fixed = this.#fixed
    let low = 0
    let high = fixed.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((fixed[middle] as number) <= to) low = middle + 1
      else high = middle
    }
    return low > 0 && (fixed[low - 1] as number) + FIXED_SIZE > from
  }

  #spend(cost: number, at: number): void {
    this.#left -= cost
    if (this.#left < 0) throw new FormError('names and records take too much to read', at)
  }
}

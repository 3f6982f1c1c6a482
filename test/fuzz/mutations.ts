import type { Random } from '../../src/base/index.ts'
import { Mutator } from '../kit/mutator.ts'
import type { Pair } from './coverage.ts'
import type { Literals } from './instrument.ts'

/** What mutations of an input may draw on. */
export interface Material {
  /** Words that may stand in it. */
  readonly dictionary: readonly Buffer[]
  /** Values that it was compared with. */
  readonly pairs: readonly Pair[]
  /** Another input. */
  readonly other: Buffer
}

const NEWLINE = 0x0a
const MOST_AT_ONCE = 4

/** Changes inputs: as networks and attackers do, and towards what the code was seen to look for. */
export class Mutations {
  readonly #random: Random
  readonly #damage: Mutator
  readonly #maxLength: number

  constructor(random: Random, maxLength: number) {
    this.#random = random
    this.#damage = new Mutator(random)
    this.#maxLength = maxLength
  }

  /** A changed copy of `input`, of at most the length that is allowed. */
  mutate(input: Buffer, material: Material): Buffer {
    let bytes = input
    for (let left = 1 + this.#random.below(MOST_AT_ONCE); left > 0; left--) bytes = this.#change(bytes, material)
    return bytes.length > this.#maxLength ? bytes.subarray(0, this.#maxLength) : bytes
  }

  #change(bytes: Buffer, { dictionary, pairs, other }: Material): Buffer {
    switch (this.#random.below(12)) {
      case 0:
      case 1:
        return this.#damage.mutate(bytes, other)
      case 2:
      case 3:
        return dictionary.length === 0 ? bytes : this.#put(bytes, this.#pick(dictionary))
      case 4:
      case 5:
      case 6:
        return pairs.length === 0 ? bytes : this.#towards(bytes, this.#pick(pairs))
      case 7:
        return this.#repeated(bytes)
      case 8:
        return this.#lines(bytes, other)
      case 9:
        return this.#counted(bytes)
      case 10:
        return this.#moved(bytes)
      default:
        return this.#cut(bytes)
    }
  }

  /** Over what is there, or between. */
  #put(bytes: Buffer, word: Buffer): Buffer {
    const at = this.#random.below(bytes.length + 1)
    const after = this.#random.below(2) === 0 ? at : Math.min(bytes.length, at + word.length)
    return Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(after)])
  }

  /** Puts what it was compared with in place of what stands there. */
  #towards(bytes: Buffer, [a, b]: Pair): Buffer {
    const [from, to] = this.#random.below(2) === 0 ? [a, b] : [b, a]
    const [found, wanted] = this.#encodings(from, to)
    const start = found.length === 0 ? -1 : bytes.indexOf(found, this.#random.below(bytes.length + 1))
    const at = start < 0 ? bytes.indexOf(found) : start
    if (at < 0) return this.#put(bytes, wanted)
    return Buffer.concat([bytes.subarray(0, at), wanted, bytes.subarray(at + found.length)])
  }

  #encodings(from: string | number, to: string | number): [Buffer, Buffer] {
    if (typeof from === 'string') return [Buffer.from(from), Buffer.from(String(to))]
    const write = this.#pick(ENCODERS)
    return [write(from), write(to as number)]
  }

  /** A piece many times: what takes its length squared shows. */
  #repeated(bytes: Buffer): Buffer {
    const at = this.#random.below(bytes.length + 1)
    const piece = bytes.subarray(at, at + 1 + this.#random.below(64))
    if (piece.length === 0) return bytes
    const room = Math.max(0, this.#maxLength - bytes.length)
    const most = Math.floor(room / piece.length)
    const times = Math.min(most, 1 << this.#random.below(this.#random.below(8) === 0 ? 16 : 5))
    return Buffer.concat([bytes.subarray(0, at), ...Array.from({ length: times }, () => piece), bytes.subarray(at)])
  }

  /** A line twice, elsewhere, gone, or of the other input. */
  #lines(bytes: Buffer, other: Buffer): Buffer {
    const lines = linesOf(bytes)
    const theirs = linesOf(other)
    if (lines.length === 0 || theirs.length === 0) return bytes
    const [from, to] = [this.#random.below(lines.length), this.#random.below(lines.length)]
    const line = this.#random.below(2) === 0 ? this.#pick(theirs) : (lines[from] as Buffer)
    return Buffer.concat(lines.toSpliced(to, this.#random.below(2), line))
  }

  /** A number in it, as bytes or as digits, a little or much larger or smaller. */
  #counted(bytes: Buffer): Buffer {
    const text = bytes.toString('latin1')
    const numbers = [...text.matchAll(/\d{1,12}/g)]
    if (numbers.length > 0 && this.#random.below(2) === 0) {
      const { index, 0: digits } = this.#pick(numbers)
      const changed = String(Math.max(0, Number(digits) + this.#random.below(5) - 2) * (this.#random.below(8) || 1))
      return Buffer.from(text.slice(0, index) + changed + text.slice(index + digits.length), 'latin1')
    }
    const copy = Buffer.from(bytes)
    const at = this.#random.below(copy.length + 1)
    if (at + 2 <= copy.length) copy.writeUInt16BE((copy.readUInt16BE(at) + this.#random.below(64) - 32) & 0xffff, at)
    return copy
  }

  #moved(bytes: Buffer): Buffer {
    const copy = Buffer.from(bytes)
    const [from, to] = [this.#random.below(copy.length + 1), this.#random.below(copy.length + 1)]
    copy.copyWithin(to, from, from + 1 + this.#random.below(32))
    return copy
  }

  #cut(bytes: Buffer): Buffer {
    const at = this.#random.below(bytes.length + 1)
    const size = 1 + this.#random.below(this.#random.below(4) === 0 ? bytes.length + 1 : 8)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)])
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#random.below(items.length)] as T
  }
}

/** The words and numbers of the code, as they may stand in an input. */
export function dictionaryOf({ words, numbers }: Literals): Buffer[] {
  const small = [...numbers].filter((number) => number < 256)
  const all = [
    ...[...words].map((word) => Buffer.from(word)),
    ...small.map((number) => Buffer.from([number])),
    ...[...numbers].filter((number) => number < 65_536).map(ENCODERS[1]),
    ...[...numbers]
      .filter((number) => number >= 256)
      .flatMap((number) => ENCODERS.slice(2).map((write) => write(number))),
    ...[...numbers].map((number) => Buffer.from(String(number))),
  ]
  return [...new Map(all.map((bytes) => [bytes.toString('latin1'), bytes])).values()]
}

/** How numbers stand in input: as a byte, as two or four bytes of either order, as digits. */
const ENCODERS = [
  (value: number) => Buffer.from([value & 0xff]),
  (value: number) => written(2, (bytes) => bytes.writeUInt16BE(value & 0xffff)),
  (value: number) => written(2, (bytes) => bytes.writeUInt16LE(value & 0xffff)),
  (value: number) => written(4, (bytes) => bytes.writeUInt32BE(value >>> 0)),
  (value: number) => written(4, (bytes) => bytes.writeUInt32LE(value >>> 0)),
  (value: number) => Buffer.from(String(value)),
] as const

function written(size: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(size)
  write(bytes)
  return bytes
}

/** With what ends them. */
function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, from)
    const to = newline < 0 ? bytes.length : newline + 1
    lines.push(bytes.subarray(from, to))
    from = to
  }
  return lines
}

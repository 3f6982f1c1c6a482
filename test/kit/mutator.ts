import type { Random } from '../../src/base/index.ts'

/** Damages messages in the ways networks, bugs and attackers do: a few changes to each, the same for the same seed. */
export class Mutator {
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** A damaged copy of `message`; `other` lends its bytes to splices. */
  mutate(message: Buffer, other: Buffer): Buffer {
    let bytes: Buffer = Buffer.from(message)
    for (let left = 1 + this.#random.below(4); left > 0; left--) bytes = this.#change(bytes, other)
    return bytes
  }

  #change(bytes: Buffer, other: Buffer): Buffer {
    if (bytes.length === 0) return Buffer.from(other)
    const at = this.#random.below(bytes.length)
    switch (this.#random.below(10)) {
      case 0:
        return inserted(bytes, at, this.#bytes(1 + this.#random.below(8)))
      case 1:
        return deleted(bytes, at, 1 + this.#random.below(8))
      case 2:
        return Buffer.from(bytes.subarray(0, at))
      case 3: // the head of one message, the tail of another
        return Buffer.concat([bytes.subarray(0, at), other.subarray(this.#random.below(other.length + 1))])
      case 4: // a piece of it twice
        return inserted(bytes, at, bytes.subarray(at, at + 1 + this.#random.below(40)))
      case 5: // a length or a count
        return put16(bytes, at, this.#number())
      case 6: // a pointer, forwards or backwards
        return put16(bytes, at, 0xc000 | this.#random.below(bytes.length + 4))
      case 7: // one of the counts in the header
        return put16(bytes, 4 + 2 * this.#random.below(4), this.#number())
      case 8:
        bytes[at] = this.#random.below(256)
        return bytes
      default:
        bytes[at] = (bytes[at] as number) ^ (1 << this.#random.below(8))
        return bytes
    }
  }

  #number(): number {
    const edges = [0, 1, 2, 63, 64, 255, 256, 0x3fff, 0x7fff, 0x8000, 0xc000, 0xfffe, 0xffff]
    return this.#random.below(2) === 0
      ? this.#random.below(65_536)
      : (edges[this.#random.below(edges.length)] as number)
  }

  #bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.#random.below(256)))
  }
}

function inserted(bytes: Buffer, at: number, piece: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)])
}

function deleted(bytes: Buffer, at: number, count: number): Buffer {
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + count)])
}

/** Writes 16 bits where they fit. */
function put16(bytes: Buffer, at: number, value: number): Buffer {
  if (at + 2 <= bytes.length) bytes.writeUInt16BE(value & 0xffff, at)
  return bytes
}

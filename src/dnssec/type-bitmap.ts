/** The types that an NSEC or NSEC3 record says exist at its owner (RFC 4034 §4.1.2). */
export class TypeBitmap {
  readonly #types: ReadonlySet<number>

  private constructor(types: ReadonlySet<number>) {
    this.#types = types
  }

  /** Undefined when blocks are empty, too long, out of order or run past the end. */
  static read(bytes: Buffer): TypeBitmap | undefined {
    const types = new Set<number>()
    let last = -1
    for (let at = 0; at < bytes.length; ) {
      const [block, size] = [bytes[at] as number, bytes[at + 1] ?? 0]
      if (block <= last || size === 0 || size > 32 || at + 2 + size > bytes.length) return undefined
      for (let bit = 0; bit < size * 8; bit++) {
        if (((bytes[at + 2 + (bit >> 3)] as number) & (0x80 >> (bit & 7))) !== 0) types.add(block * 256 + bit)
      }
      last = block
      at += 2 + size
    }
    return new TypeBitmap(types)
  }

  has(type: number): boolean {
    return this.#types.has(type)
  }

  [Symbol.iterator](): Iterator<number> {
    return this.#types[Symbol.iterator]()
  }
}

import { isUtf8 } from 'node:buffer'
import { parseSignature, type TypeTree } from './signature.ts'
import { Variant } from './variant.ts'

/** Bytes that are not the body or header they should be. */
export class UnmarshalError extends Error {
  override readonly name = 'UnmarshalError'
}

/** A body of more values than its reader wants to hold. */
export class TooManyValues extends UnmarshalError {
  constructor() {
    super('there are too many values')
  }
}

/** D-Bus specification, "Marshaling": variants may lie this deep within one another. */
const MAX_VARIANTS = 64
/** Sizes of the numbers, which are their alignments too. */
const SIZES: Readonly<Record<string, number>> = { y: 1, n: 2, q: 2, b: 4, i: 4, u: 4, h: 4, x: 8, t: 8, d: 8 }

/**
 * Reads values as D-Bus writes them (D-Bus specification, "Marshaling"). Nothing is believed: every length is compared
 * with what is there before anything is made of it, and no more than `maxValues` values are made, arrays of bytes
 * counting as one. Structs and arrays become arrays, dictionaries objects, 64-bit integers `bigint`, bytes a view of the
 * message.
 */
export class Unmarshaller {
  readonly #bytes: Buffer
  readonly #isLittle: boolean
  #left: number
  #at = 0

  constructor(bytes: Buffer, isLittle: boolean, maxValues = Number.POSITIVE_INFINITY) {
    this.#bytes = bytes
    this.#isLittle = isLittle
    this.#left = maxValues
  }

  /** @throws {UnmarshalError} for bytes that do not fit, {TypeError} for a variant without a valid signature */
  read(signature: string): unknown[] {
    return this.#struct(parseSignature(signature), 0)
  }

  #struct(types: readonly TypeTree[], depth: number): unknown[] {
    const values: unknown[] = []
    for (const type of types) values.push(this.#value(type, depth))
    return values
  }

  #value({ type, child }: TypeTree, depth: number): unknown {
    if (--this.#left < 0) throw new TooManyValues()
    switch (type) {
      case 's':
      case 'o':
        return this.#text(this.#number('u'))
      case 'g':
        return this.#text(this.#number('y'))
      case 'v':
        return this.#variant(depth + 1)
      case 'a':
        return this.#array(child[0] as TypeTree, depth)
      case '(':
        this.#align(8)
        return this.#struct(child, depth)
      case 'b':
        return this.#boolean()
      case 't':
      case 'x':
        return this.#long(type)
      default:
        return this.#number(type)
    }
  }

  /** Where the next `size` bytes are, which are passed over. */
  #take(size: number): number {
    const start = this.#at
    if (size > this.#bytes.length - start) throw new UnmarshalError('the message ends too early')
    this.#at = start + size
    return start
  }

  #align(unit: number): void {
    const rest = this.#at % unit
    if (rest === 0) return
    for (let at = this.#take(unit - rest); at < this.#at; at++) {
      if (this.#bytes[at] !== 0) throw new UnmarshalError('padding is not zero')
    }
  }

  #boolean(): boolean {
    const value = this.#number('u')
    if (value !== 0 && value !== 1) throw new UnmarshalError('a boolean is neither 0 nor 1')
    return value === 1
  }

  #number(type: string): number {
    const size = SIZES[type] as number
    this.#align(size)
    const at = this.#take(size)
    const bytes = this.#bytes
    const isLittle = this.#isLittle
    if (type === 'd') return isLittle ? bytes.readDoubleLE(at) : bytes.readDoubleBE(at)
    if (type === 'n' || type === 'i') return isLittle ? bytes.readIntLE(at, size) : bytes.readIntBE(at, size)
    return isLittle ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size)
  }

  #long(type: 't' | 'x'): bigint {
    this.#align(8)
    const at = this.#take(8)
    if (type === 't') return this.#isLittle ? this.#bytes.readBigUInt64LE(at) : this.#bytes.readBigUInt64BE(at)
    return this.#isLittle ? this.#bytes.readBigInt64LE(at) : this.#bytes.readBigInt64BE(at)
  }

  /** UTF-8 of so many bytes without a NUL, and a NUL. */
  #text(length: number): string {
    const start = this.#take(length)
    const end = this.#take(1)
    if (this.#bytes[end] !== 0) throw new UnmarshalError('a text does not end where it should')
    const text = this.#bytes.subarray(start, end)
    if (text.includes(0)) throw new UnmarshalError('there is a NUL in a text')
    if (!isUtf8(text)) throw new UnmarshalError('a text is no UTF-8')
    return text.toString('utf8')
  }

  #variant(depth: number): Variant {
    if (depth > MAX_VARIANTS) throw new UnmarshalError('variants are nested too deeply')
    const signature = this.#text(this.#number('y'))
    const types = parseSignature(signature)
    if (types.length !== 1) throw new UnmarshalError('a variant holds one value')
    return new Variant(signature, this.#value(types[0] as TypeTree, depth))
  }

  /** The length counts from the first element, not from the padding before it. */
  #array(element: TypeTree, depth: number): unknown {
    const length = this.#number('u')
    this.#align(alignmentOf(element.type))
    const start = this.#take(length)
    const end = this.#at
    if (element.type === 'y') return this.#bytes.subarray(start, end)
    this.#at = start
    const values: unknown[] = []
    while (this.#at < end) values.push(element.type === '{' ? this.#entry(element, depth) : this.#value(element, depth))
    if (this.#at !== end) throw new UnmarshalError('an array does not end where it should')
    return element.type === '{' ? Object.fromEntries(values as [string, unknown][]) : values
  }

  #entry({ child }: TypeTree, depth: number): unknown[] {
    this.#align(8)
    return this.#struct(child, depth)
  }
}

function alignmentOf(type: string): number {
  if (type === '(' || type === '{') return 8
  if (type === 'v' || type === 'g') return 1
  return SIZES[type] ?? 4
}

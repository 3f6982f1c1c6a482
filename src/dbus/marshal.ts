import { parseSignature, type TypeTree } from './signature.ts'
import { Variant } from './variant.ts'

/** Bytes of the first buffer: most replies fit, larger ones double it. */
const FIRST_SIZE = 512

/**
 * Writes values as D-Bus does, little-endian, into a buffer that grows (D-Bus specification, "Marshaling"). The daemon
 * answers no question while it writes.
 */
export class Marshaller {
  #buffer = Buffer.allocUnsafe(FIRST_SIZE)
  #at = 0

  /** Bytes written so far. */
  get length(): number {
    return this.#at
  }

  /** What was written; nothing may be written afterwards. */
  finish(): Buffer {
    return this.#buffer.subarray(0, this.#at)
  }

  /** @throws {TypeError | RangeError} for a value its type cannot carry */
  write(signature: string, values: readonly unknown[]): void {
    this.#struct(parseSignature(signature), values)
  }

  /** Fills up with zeros to a multiple of `unit`. */
  align(unit: number): void {
    const end = Math.ceil(this.#at / unit) * unit
    this.#reserve(end - this.#at)
    this.#buffer.fill(0, this.#at, end)
    this.#at = end
  }

  /** Overwrites four bytes that were written before. */
  patch(at: number, value: number): void {
    this.#buffer.writeUInt32LE(value, at)
  }

  /** The members of a struct, or the values of a body, without alignment. @throws {TypeError} for another number of values */
  #struct(types: readonly TypeTree[], values: readonly unknown[]): void {
    if (types.length !== values.length) throw new TypeError(`${types.length} values expected, not ${values.length}`)
    for (const [i, type] of types.entries()) this.#value(type, values[i])
  }

  /** One value, aligned as its type demands. */
  #value(tree: TypeTree, value: unknown): void {
    switch (tree.type) {
      case 'y':
        return this.#number(1, (buffer, at) => buffer.writeUInt8(value as number, at))
      case 'b':
        return this.#number(4, (buffer, at) => buffer.writeUInt32LE(value === true ? 1 : 0, at))
      case 'q':
        return this.#number(2, (buffer, at) => buffer.writeUInt16LE(value as number, at))
      case 'i':
        return this.#number(4, (buffer, at) => buffer.writeInt32LE(value as number, at))
      case 'u':
        return this.#number(4, (buffer, at) => buffer.writeUInt32LE(value as number, at))
      case 't':
        return this.#number(8, (buffer, at) => buffer.writeBigUInt64LE(value as bigint, at))
      case 's':
      case 'o':
        return this.#text(value as string, 4)
      case 'g':
        return this.#text(value as string, 1)
      case 'v':
        return this.#variant(value as Variant)
      case 'a':
        return this.#array(tree.child[0] as TypeTree, value)
      case '(':
        this.align(8)
        return this.#struct(tree.child, value as readonly unknown[])
      default:
        throw new TypeError(`nothing of ours has the type ${tree.type}`)
    }
  }

  /** Numbers are aligned to their own size. */
  #number(size: number, put: (buffer: Buffer, at: number) => void): void {
    this.align(size)
    this.#reserve(size)
    put(this.#buffer, this.#at)
    this.#at += size
  }

  /**
   * Length in bytes, UTF-8 text, NUL. Signatures have a length of one byte, all other texts of four. A NUL inside would
   * make the bus close the connection.
   */
  #text(text: string, lengthSize: 1 | 4): void {
    if (typeof text !== 'string' || text.includes('\0')) throw new TypeError(`no D-Bus string: ${JSON.stringify(text)}`)
    const length = Buffer.byteLength(text)
    this.#value({ type: lengthSize === 1 ? 'y' : 'u', child: [] }, length)
    this.#reserve(length + 1)
    this.#at += this.#buffer.write(text, this.#at)
    this.#buffer[this.#at++] = 0
  }

  /** The signature, then the value, aligned as its type demands. */
  #variant(value: Variant): void {
    if (!(value instanceof Variant)) throw new TypeError('a variant expected')
    this.#text(value.signature, 1)
    this.write(value.signature, [value.value])
  }

  /** The length counts from the first element, not from the padding before it. */
  #array(element: TypeTree, value: unknown): void {
    this.#value({ type: 'u', child: [] }, 0)
    const lengthAt = this.#at - 4
    if ('({t'.includes(element.type)) this.align(8)
    const start = this.#at
    if (element.type === 'y') this.#bytes(value as Uint8Array)
    else if (element.type === '{') this.#entries(element, value as Readonly<Record<string, unknown>>)
    else for (const each of value as readonly unknown[]) this.#value(element, each)
    this.patch(lengthAt, this.#at - start)
  }

  /** The elements of `ay`, in one copy. */
  #bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** The entries of `a{…}`, each a struct of key and value, in the order of the object's keys. */
  #entries({ child }: TypeTree, value: Readonly<Record<string, unknown>>): void {
    for (const entry of Object.entries(value)) {
      this.align(8)
      this.#struct(child, entry)
    }
  }

  /** Makes room for `size` more bytes. */
  #reserve(size: number): void {
    if (this.#at + size <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + size))
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
  }
}

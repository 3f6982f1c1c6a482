import { FormError } from './form-error.ts'
import { expandName } from './name.ts'
import { type FieldKind, layoutOf } from './rdata-layout.ts'

/** One service parameter (RFC 9460 §2.2). */
export interface ServiceParam {
  readonly key: number
  readonly value: Buffer
}

/** One field as read: `value` is as plain as the wire has it, so that each presentation can choose its own words. */
export type RdataField = { readonly name: string } & (
  | { readonly kind: 'u8' | 'u16' | 'u32' | 'time' | 'type' | 'algorithm'; readonly value: number }
  | { readonly kind: ByteKind; readonly value: Buffer }
  | { readonly kind: 'strings'; readonly value: readonly Buffer[] }
  | { readonly kind: 'types'; readonly value: readonly number[] }
  | { readonly kind: 'params'; readonly value: readonly ServiceParam[] }
)
/** `name` holds the uncompressed wire form. */
export type ByteKind = Exclude<
  FieldKind,
  'u8' | 'u16' | 'u32' | 'time' | 'type' | 'algorithm' | 'strings' | 'types' | 'params'
>

/** The fields of uncompressed rdata; undefined for a type without a layout and for bytes that do not fit it exactly. */
export function fieldsOf(type: number, rdata: Buffer): RdataField[] | undefined {
  const layout = layoutOf(type)
  if (layout === undefined) return undefined
  const reader = new RdataReader(rdata)
  try {
    const fields = Object.entries(layout).map(([name, kind]) => reader.field(name, kind))
    return reader.isAtEnd ? fields : undefined
  } catch (error) {
    if (error instanceof FormError) return undefined
    throw error
  }
}

/** Reads on from where the last field ended. Every method throws `FormError` when the bytes run out. */
class RdataReader {
  readonly #rdata: Buffer
  #at = 0

  constructor(rdata: Buffer) {
    this.#rdata = rdata
  }

  /** Whether all bytes belong to some field: what is left over makes the rdata malformed. */
  get isAtEnd(): boolean {
    return this.#at === this.#rdata.length
  }

  /** The next field as the layout has it. */
  field(name: string, kind: FieldKind): RdataField {
    switch (kind) {
      case 'u8':
      case 'algorithm':
        return { name, kind, value: this.#number(1) }
      case 'u16':
      case 'type':
        return { name, kind, value: this.#number(2) }
      case 'u32':
      case 'time':
        return { name, kind, value: this.#number(4) }
      case 'strings':
        return { name, kind, value: this.#strings() }
      case 'types':
        return { name, kind, value: this.#types() }
      case 'params':
        return { name, kind, value: this.#params() }
      default:
        return { name, kind, value: this.#bytes(kind) }
    }
  }

  #bytes(kind: ByteKind): Buffer {
    switch (kind) {
      case 'ipv4':
        return this.#take(4)
      case 'ipv6':
        return this.#take(16)
      case 'eui48':
        return this.#take(6)
      case 'eui64':
        return this.#take(8)
      case 'name':
        return this.#name()
      case 'string':
      case 'word':
      case 'salt':
        return this.#take(this.#number(1))
      case 'hash':
        return this.#some(this.#number(1))
      case 'text':
        return this.#take(this.#rdata.length - this.#at)
      default:
        return this.#some(this.#rdata.length - this.#at)
    }
  }

  /** The next bytes, as a view of the rdata. */
  #take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#rdata.length) throw new FormError('rdata is too short', this.#at)
    const bytes = this.#rdata.subarray(this.#at, end)
    this.#at = end
    return bytes
  }

  /** Digests, keys and the like: none at all could not be written down. */
  #some(length: number): Buffer {
    if (length === 0) throw new FormError('rdata is too short', this.#at)
    return this.#take(length)
  }

  #number(size: number): number {
    return this.#take(size).readUIntBE(0, size)
  }

  #name(): Buffer {
    const { wire, end } = expandName(this.#rdata, this.#at)
    this.#at = end
    return wire
  }

  /** At least one (RFC 1035 §3.3.14); more than one of size zero is fine. */
  #strings(): Buffer[] {
    const strings: Buffer[] = []
    do strings.push(this.#take(this.#number(1)))
    while (!this.isAtEnd)
    return strings
  }

  /** Windows of 256 types, each a bitmap of 1..32 bytes (RFC 4034 §4.1.2). */
  #types(): number[] {
    const types: number[] = []
    while (!this.isAtEnd) {
      const window = this.#number(1) << 8
      const bitmap = this.#take(this.#number(1))
      if (bitmap.length < 1 || bitmap.length > 32) throw new FormError('bad type bitmap', this.#at)
      for (let bit = 0; bit < bitmap.length * 8; bit++) {
        if ((bitmap[bit >> 3]! & (0x80 >> (bit & 7))) !== 0) types.push(window | bit)
      }
    }
    return types
  }

  /** Keys must rise (RFC 9460 §2.2). */
  #params(): ServiceParam[] {
    const params: ServiceParam[] = []
    while (!this.isAtEnd) {
      const key = this.#number(2)
      if (params.length > 0 && key <= params.at(-1)!.key)
        throw new FormError('service parameters out of order', this.#at)
      params.push({ key, value: this.#take(this.#number(2)) })
    }
    return params
  }
}

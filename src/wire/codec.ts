import dnsPacket, { type Answer } from 'dns-packet'
import { typeText } from './numbers.ts'

/** What dns-packet makes of a record's data: its own objects for the types it knows, the bytes themselves for the rest. */
export type RdataValue = Exclude<Answer, { type: 'OPT' }>['data']

/** The part of dns-packet that its type declarations leave out. */
interface RecordCodec {
  encode(value: unknown): Buffer
  decode(framed: Buffer): RdataValue
}

/**
 * Typed data of uncompressed rdata. Undefined when the bytes are malformed, and also when dns-packet's form would not
 * give the same bytes back: it reads labels and strings as UTF-8 and loses dots inside labels. Types inside the data
 * that it does not know read `UNKNOWN_65`.
 */
export function decodeRdata(type: number, rdata: Uint8Array): RdataValue | undefined {
  const framed = Buffer.alloc(2 + rdata.length)
  framed.writeUInt16BE(rdata.length)
  framed.set(rdata, 2)
  try {
    const value = codecOf(type).decode(framed)
    return codecOf(type).encode(shallowCopy(value)).equals(framed) ? value : undefined
  } catch {
    return undefined // its decoders throw plain errors and RangeErrors on bad bytes: all mean "malformed"
  }
}

/** Rdata bytes of typed data, names uncompressed. @throws {TypeError} when `value` does not suit the type. */
export function encodeRdata(type: number, value: RdataValue): Buffer {
  try {
    return codecOf(type).encode(shallowCopy(value)).subarray(2)
  } catch (cause) {
    throw new TypeError(`not the data of a ${typeText(type)} record`, { cause })
  }
}

/** Chosen by our mnemonic: one that dns-packet does not know means plain bytes there, never type 0. */
function codecOf(type: number): RecordCodec {
  return (dnsPacket as unknown as { record(type: string): RecordCodec }).record(typeText(type))
}

/** The encoders of TXT and CAA write into what they are given. */
function shallowCopy(value: RdataValue): RdataValue {
  if (Array.isArray(value)) return [...value] as RdataValue
  if (typeof value !== 'object' || value instanceof Uint8Array) return value
  return { ...value }
}

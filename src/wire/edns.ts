import { printable } from '../base/index.ts'
import type { ResourceRecord } from './record.ts'

/** Option codes in use here (IANA "DNS EDNS0 Option Codes"). */
export const OPTION = { NSID: 3, COOKIE: 10, TCP_KEEPALIVE: 11, PADDING: 12, EDE: 15 } as const

/** An OPT pseudo-record (RFC 6891 §6.1). */
export interface Opt {
  /** Largest UDP payload the sender can take; values below 512 mean 512. */
  readonly payloadSize: number
  /** Upper eight bits of the response code. */
  readonly extendedRcode: number
  readonly version: number
  readonly dnssecOk: boolean
  readonly options: readonly EdnsOption[]
}

/** One option, with at most 65,535 bytes of data. */
export interface EdnsOption {
  readonly code: number
  readonly data: Buffer
}

/** Extended DNS Error (RFC 8914). */
export interface ExtendedError {
  readonly code: number
  readonly text: string
}

const DO = 0x8000

/** Undefined when an option runs past the end. */
export function optOfRecord(record: ResourceRecord): Opt | undefined {
  const options = readOptions(record.rdata)
  if (options === undefined) return undefined
  return {
    payloadSize: Math.max(512, record.class),
    extendedRcode: record.ttl >>> 24,
    version: (record.ttl >>> 16) & 0xff,
    dnssecOk: (record.ttl & DO) !== 0,
    options,
  }
}

/** The whole record in wire form. */
export function wireOfOpt(opt: Opt): Buffer {
  const options = opt.options.map(wireOfOption)
  const wire = Buffer.alloc(11)
  wire.writeUInt16BE(41, 1)
  wire.writeUInt16BE(opt.payloadSize, 3)
  wire[5] = opt.extendedRcode
  wire[6] = opt.version
  wire.writeUInt16BE(opt.dnssecOk ? DO : 0, 7)
  if (options.length === 0) return wire
  wire.writeUInt16BE(
    options.reduce((size, { length }) => size + length, 0),
    9,
  )
  return Buffer.concat([wire, ...options])
}

/** The first well-formed EDE option; a malformed one is passed over, for it is only advice. Its text is any server's. */
export function extendedErrorOf(opt: Opt | undefined): ExtendedError | undefined {
  const option = opt?.options.find(({ code, data }) => code === OPTION.EDE && data.length >= 2)
  if (option === undefined) return undefined
  return { code: option.data.readUInt16BE(0), text: printable(option.data.toString('utf8', 2).replace(/\0$/, '')) }
}

/** INFO-CODE and EXTRA-TEXT in UTF-8 (RFC 8914 §2). */
export function extendedErrorOption(error: ExtendedError): EdnsOption {
  const data = Buffer.alloc(2)
  data.writeUInt16BE(error.code)
  return { code: OPTION.EDE, data: Buffer.concat([data, Buffer.from(error.text, 'utf8')]) }
}

function readOptions(rdata: Buffer): EdnsOption[] | undefined {
  const options: EdnsOption[] = []
  for (let at = 0; at < rdata.length; ) {
    const end = at + 4 <= rdata.length ? at + 4 + rdata.readUInt16BE(at + 2) : Number.POSITIVE_INFINITY
    if (end > rdata.length) return undefined
    options.push({ code: rdata.readUInt16BE(at), data: rdata.subarray(at + 4, end) })
    at = end
  }
  return options
}

function wireOfOption({ code, data }: EdnsOption): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(code, 0)
  head.writeUInt16BE(data.length, 2)
  return Buffer.concat([head, data])
}

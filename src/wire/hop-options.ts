import type { Millis } from '../base/index.ts'
import { OPTION, wireOfOpt } from './edns.ts'
import { FormError } from './form-error.ts'
import { TYPE } from './numbers.ts'
import { scanRecords, skipQuestions } from './scan.ts'

/** Queries are padded to a multiple of this, in bytes (RFC 8467 §4.1). */
const BLOCK = 128
const OPTION_HEADER = 4
/** Options that concern two neighbours only, never who is behind them. */
const HOP_OPTIONS: ReadonlySet<number> = new Set([OPTION.COOKIE, OPTION.TCP_KEEPALIVE, OPTION.PADDING])
const ARCOUNT_AT = 10
/** Root name, type, class, TTL and the length of the options. */
const OPT_FIXED_SIZE = 11
const OUR_OPT = { payloadSize: 1232, extendedRcode: 0, version: 0, dnssecOk: false, options: [] } as const
/** Unit of the keepalive option (RFC 7828 §3.1). */
const KEEPALIVE_UNIT: Millis = 100

/**
 * A query as it goes over an encrypted connection: those options of a relayed client are taken out, and ours put in:
 * an empty keepalive option where `asksKeepalive` (RFC 7828 §3.2.1), and padding as the last of all (RFC 7830 §3,
 * E-TLS-7). With `addsOpt` a question without OPT gets one, to be taken out of the reply; else one without, or with
 * something behind it, such as a signature, stays as it is.
 */
export function withHopOptions(plain: Buffer, asksKeepalive: boolean, addsOpt = false): Buffer {
  const query = addsOpt && isBareQuestion(plain) ? withOpt(plain) : plain
  const opt = lastOpt(query)
  if (opt === undefined) return query
  const kept = otherOptions(query, opt.rdataAt)
  if (asksKeepalive) kept.push(optionOf(OPTION.TCP_KEEPALIVE, 0))
  const length = kept.reduce((sum, option) => sum + option.length, opt.rdataAt + OPTION_HEADER)
  kept.push(optionOf(OPTION.PADDING, (BLOCK - (length % BLOCK)) % BLOCK))
  return withOptions(query, opt.rdataAt, kept)
}

/**
 * A query as it goes in plaintext: those options of a relayed client are taken out, as they are between it and us, and
 * `ours` is put in (RFC 7873 §4, §8). Messages without OPT, or with something behind it, stay as they are.
 */
export function withOwnOption(query: Buffer, ours: Uint8Array | undefined): Buffer {
  const opt = lastOpt(query)
  if (opt === undefined || (ours === undefined && opt.rdataAt === query.length)) return query
  const kept = otherOptions(query, opt.rdataAt)
  return withOptions(query, opt.rdataAt, ours === undefined ? kept : [...kept, ours])
}

/** Whether `withOwnOption` can put one in. */
export function takesOption(query: Buffer): boolean {
  return lastOpt(query) !== undefined
}

/** The data of the cookie option, if the message has one that can be read. */
export function cookieIn(message: Buffer): Buffer | undefined {
  let cookie: Buffer | undefined
  const opt = lastOpt(message)
  if (opt === undefined) return undefined
  eachOption(message, opt.rdataAt, (code, start, end) => {
    if (code === OPTION.COOKIE) cookie ??= message.subarray(start + OPTION_HEADER, end)
  })
  return cookie
}

/** A cookie option with this client cookie and, once it is known, server cookie (RFC 7873 §4). */
export function cookieOption(client: Uint8Array, server: Uint8Array | undefined): Buffer {
  const option = optionOf(OPTION.COOKIE, client.length + (server?.length ?? 0))
  option.set(client, OPTION_HEADER)
  if (server !== undefined) option.set(server, OPTION_HEADER + client.length)
  return option
}

/** Whether the last record is a signature over the whole message, which must not be changed then (TSIG, SIG(0)). */
export function isSigned(message: Buffer): boolean {
  let last = 0
  scanRecords(message, ({ type }) => {
    last = type
  })
  return last === TYPE.TSIG || last === TYPE.SIG
}

/** A reply as it concerns whoever asked, and how long the server keeps an idle connection, if it says so. */
export interface HopReply {
  readonly message: Buffer
  /** 0: not at all (RFC 7828 §3.2.2). */
  readonly keepalive: Millis | undefined
}

/** The reply without its OPT record, where that is the last, if there was none in `query` (RFC 6891 §7). */
export function withoutOpt(query: Buffer, reply: Buffer): Buffer {
  const opt = isBareQuestion(query) ? lastOpt(reply) : undefined
  if (opt === undefined) return reply
  const copy = Buffer.from(reply.subarray(0, opt.rdataAt - OPT_FIXED_SIZE))
  copy.writeUInt16BE(copy.readUInt16BE(ARCOUNT_AT) - 1, ARCOUNT_AT)
  return copy
}

/** Padding fills caches and says nothing; the other options are the connection's. Unreadable replies stay as they are. */
export function withoutHopOptions(reply: Buffer): HopReply {
  const opt = lastOpt(reply)
  if (opt === undefined || opt.rdataAt === reply.length) return { message: reply, keepalive: undefined }
  let keepalive: Millis | undefined
  eachOption(reply, opt.rdataAt, (code, start, end) => {
    if (code === OPTION.TCP_KEEPALIVE && end - start === OPTION_HEADER + 2) {
      keepalive = reply.readUInt16BE(start + OPTION_HEADER) * KEEPALIVE_UNIT
    }
  })
  return { message: withOptions(reply, opt.rdataAt, otherOptions(reply, opt.rdataAt)), keepalive }
}

/** A header and a question, and nothing else. */
function isBareQuestion(query: Buffer): boolean {
  try {
    return query.readUInt32BE(6) === 0 && query.readUInt16BE(ARCOUNT_AT) === 0 && skipQuestions(query) === query.length
  } catch (error) {
    if (error instanceof FormError || error instanceof RangeError) return false
    throw error
  }
}

function withOpt(query: Buffer): Buffer {
  const copy = Buffer.concat([query, wireOfOpt(OUR_OPT)])
  copy.writeUInt16BE(1, ARCOUNT_AT)
  return copy
}

/** The OPT record, when it is the last thing in a message that can be read, and its options can be, too. */
function lastOpt(message: Buffer): { readonly rdataAt: number } | undefined {
  let rdataAt = -1
  let count = 0
  try {
    const end = scanRecords(message, (record) => {
      if (record.type === TYPE.OPT) count++
      rdataAt = record.type === TYPE.OPT ? record.rdataAt : -1
    })
    if (rdataAt < 0 || count !== 1 || end !== message.length) return undefined
    return eachOption(message, rdataAt, () => undefined) ? { rdataAt } : undefined
  } catch (error) {
    if (error instanceof FormError) return undefined
    throw error
  }
}

/** False when an option runs past the end, which is the end of the message. */
function eachOption(message: Buffer, from: number, visit: (code: number, start: number, end: number) => void): boolean {
  let at = from
  while (at + OPTION_HEADER <= message.length) {
    const end = at + OPTION_HEADER + message.readUInt16BE(at + 2)
    if (end > message.length) return false
    visit(message.readUInt16BE(at), at, end)
    at = end
  }
  return at === message.length
}

function otherOptions(message: Buffer, from: number): Buffer[] {
  const kept: Buffer[] = []
  eachOption(message, from, (code, start, end) => {
    if (!HOP_OPTIONS.has(code)) kept.push(message.subarray(start, end))
  })
  return kept
}

function withOptions(message: Buffer, rdataAt: number, options: readonly Uint8Array[]): Buffer {
  const copy = Buffer.concat([message.subarray(0, rdataAt), ...options])
  copy.writeUInt16BE(copy.length - rdataAt, rdataAt - 2)
  return copy
}

function optionOf(code: number, size: number): Buffer {
  const option = Buffer.alloc(OPTION_HEADER + size)
  option.writeUInt16BE(code, 0)
  option.writeUInt16BE(size, 2)
  return option
}

import type { Answer, AnswerState, Resolution } from '../resolve/index.ts'
import { FLAG } from '../resolve/index.ts'
import type { EdnsOption, ExtendedError, Opt } from '../wire/index.ts'
import {
  AA,
  AD,
  CD,
  compose,
  extendedErrorOption,
  hasUnaskedDnssecRecords,
  isDnssecType,
  OPTION,
  parseMessage,
  QR,
  RA,
  RCODE,
  RD,
  relay,
} from '../wire/index.ts'
import type { Listener } from './listener.ts'
import { advertisedSize, largestReply } from './listener.ts'
import type { ClientRequest, RefusedRequest } from './request.ts'

const SMALLEST_UDP = 512
/** Bytes of extra text that the smallest datagram has room for beside the longest question and our NSID. */
const MAX_EXTRA_TEXT = 150

/** Extended errors we send of our own accord (RFC 8914 §4). */
const EDE = {
  OTHER: 0,
  DNSSEC_BOGUS: 6,
  FILTERED: 17,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23,
  INVALID_DATA: 24,
} as const

/**
 * State → rcode (R-STUB-10). Other than the original, a timeout is told as SERVFAIL instead of by silence, so that the
 * client can go on at once.
 */
const RCODE_OF_STATE: Readonly<Record<AnswerState, number | 'of-reply'>> = {
  success: 'of-reply',
  'rcode-failure': 'of-reply',
  'not-found': RCODE.NXDOMAIN,
  'no-servers': RCODE.REFUSED,
  'query-refused': RCODE.REFUSED,
  'rr-type-unsupported': RCODE.NOTIMP,
  'cname-loop': 'of-reply',
  timeout: RCODE.SERVFAIL,
  'attempts-max-reached': RCODE.SERVFAIL,
  'invalid-reply': RCODE.SERVFAIL,
  errno: RCODE.SERVFAIL,
  aborted: RCODE.SERVFAIL,
  'dnssec-failed': RCODE.SERVFAIL,
  'no-trust-anchor': RCODE.SERVFAIL,
  'network-down': RCODE.SERVFAIL,
  'no-source': RCODE.SERVFAIL,
  'stub-loop': RCODE.SERVFAIL,
}

const REASONS: Partial<Record<AnswerState, ExtendedError>> = {
  'not-found': { code: EDE.OTHER, text: 'such names are not sent to DNS servers' },
  timeout: { code: EDE.NO_REACHABLE_AUTHORITY, text: 'no DNS server answered in time' },
  'attempts-max-reached': { code: EDE.NO_REACHABLE_AUTHORITY, text: 'no DNS server could be reached' },
  'network-down': { code: EDE.NETWORK_ERROR, text: 'no network is up' },
  'invalid-reply': { code: EDE.INVALID_DATA, text: 'the DNS server sent an unreadable reply' },
  'stub-loop': { code: EDE.NETWORK_ERROR, text: 'the configured DNS server is this resolver itself' },
  'query-refused': { code: EDE.FILTERED, text: 'record type refused by configuration' },
  'dnssec-failed': { code: EDE.DNSSEC_BOGUS, text: '' },
}

/** The bytes for a request that is turned down. */
export function refusal(request: RefusedRequest, rcode: number, listener: Listener): Buffer {
  const opt = request.opt && { ...plainOpt(listener), extendedRcode: rcode >> 4 }
  const flags = QR | RA | (request.flags & (RD | CD | 0x7800)) | (rcode & 0xf)
  return compose({ id: request.id, flags, question: request.questionBytes, opt })
}

/** A finished reply; `isRelayed` when it is the server's message with only what concerns this client changed. */
export interface Reply {
  readonly wire: Buffer
  readonly isRelayed: boolean
}

/**
 * The bytes for this client: the server's own where the answer is one message and fits, else composed from the records.
 * `nsid` names this resolver to those who ask (RFC 5001).
 */
export function replyTo(request: ClientRequest, resolution: Resolution, listener: Listener, nsid: () => string): Reply {
  const limit = sizeLimit(request, listener)
  const relayed = relayedReply(request, resolution, listener, nsid)
  if (relayed !== undefined && relayed.length <= limit) return { wire: relayed, isRelayed: true }
  return { wire: composedReply(request, resolution.answer, listener, nsid, limit), isRelayed: false }
}

function sizeLimit({ opt }: ClientRequest, listener: Listener): number {
  const largest = largestReply(listener)
  return listener.transport === 'tcp' ? largest : Math.min(opt?.payloadSize ?? SMALLEST_UDP, largest) // R-STUB-15
}

/** The server's bytes with only what concerns this client changed; undefined where records must be left out or added. */
function relayedReply(
  request: ClientRequest,
  resolution: Resolution,
  listener: Listener,
  nsid: () => string,
): Buffer | undefined {
  const { answer, query } = resolution
  const { wire } = answer
  if (wire === undefined) return undefined
  const isBypass = query.relayed !== undefined
  if (!isBypass && request.opt?.dnssecOk !== true && hasUnaskedDnssecRecords(wire)) return undefined
  const rcode = rcodeFor(request, answer)
  const opt = isBypass ? bypassOpt(wire, request, listener) : replyOpt(request, answer, rcode, listener, nsid)
  const flags = isBypass ? bypassFlags(request, wire, answer, rcode) : replyFlags(request, answer, rcode)
  return relay(wire, { id: request.id, flags, question: request.questionBytes, opt })
}

function composedReply(
  request: ClientRequest,
  answer: Answer,
  listener: Listener,
  nsid: () => string,
  maxSize: number,
): Buffer {
  const rcode = rcodeFor(request, answer)
  const wantsDnssec = request.opt?.dnssecOk === true
  const visible = (record: { type: number }) =>
    wantsDnssec || !isDnssecType(record.type) || record.type === request.question.type
  const isLocal = (answer.flags & FLAG.SYNTHETIC) !== 0
  return compose(
    {
      id: request.id,
      flags: replyFlags(request, answer, rcode),
      question: request.questionBytes,
      answer: answer.records.map(({ record }) => record).filter(visible),
      authority: isLocal ? [] : answer.authority.filter(visible),
      additional: isLocal ? [] : answer.additional.filter(visible),
      opt: replyOpt(request, answer, rcode, listener, nsid),
    },
    { maxSize, authorityMatters: wantsDnssec },
  )
}

/** An rcode above 15 needs the OPT record that only an EDNS client gets (R-STUB-10). */
function rcodeFor(request: ClientRequest, { state, rcode }: Answer): number {
  const told = RCODE_OF_STATE[state]
  const wanted = told === 'of-reply' ? rcode : told
  return wanted > 15 && request.opt === undefined ? RCODE.SERVFAIL : wanted
}

/** R-STUB-11: AA when everything is our own; AD never from upstream, only when verified and asked for. */
function replyFlags({ flags, opt }: ClientRequest, answer: Answer, rcode: number): number {
  const origins = FLAG.FROM_NETWORK | FLAG.FROM_CACHE
  const isOurs =
    (answer.flags & origins) === 0 &&
    ((answer.flags & FLAG.SYNTHETIC) !== 0 || rcode === RCODE.REFUSED || answer.state === 'not-found')
  return QR | RA | (flags & (RD | CD)) | (isOurs ? AA : 0) | verdictFlag({ flags, opt }, answer) | (rcode & 0xf)
}

/** RFC 6840 §5.7, §5.8. */
function verdictFlag({ flags, opt }: Pick<ClientRequest, 'flags' | 'opt'>, answer: Answer): number {
  const wantsVerdict = (flags & AD) !== 0 || opt?.dnssecOk === true
  return wantsVerdict && (answer.flags & FLAG.AUTHENTICATED) !== 0 ? AD : 0
}

/** The server's flags stand, but AD, which we did not verify, and CD, which is the client's (R-STUB-13). */
function bypassFlags(request: ClientRequest, wire: Buffer, answer: Answer, rcode: number): number {
  const kept = wire.readUInt16BE(2) & ~(AD | CD | 0xf)
  return kept | (request.flags & CD) | verdictFlag(request, answer) | (rcode & 0xf)
}

function replyOpt(
  request: ClientRequest,
  answer: Answer,
  rcode: number,
  listener: Listener,
  nsid: () => string,
): Opt | undefined {
  if (request.opt === undefined) return undefined // R-STUB-16
  const isTold = request.opt.dnssecOk && (answer.flags & FLAG.AUTHENTICATED) !== 0
  const reason = answer.extendedError ?? REASONS[answer.state]
  const options: EdnsOption[] = reason === undefined ? [] : [extendedErrorOption(shortened(reason))]
  const asksNsid = listener.kind !== 'extra' && request.opt.options.some(({ code }) => code === OPTION.NSID)
  if (asksNsid) options.push({ code: OPTION.NSID, data: Buffer.from(nsid()) })
  const dnssecOk = isTold || (request.opt.dnssecOk && (request.flags & CD) !== 0)
  return { ...plainOpt(listener), extendedRcode: rcode >> 4, dnssecOk, options }
}

/** The text may be left out where there is no room for it; the code tells enough (RFC 8914 §3). */
function shortened({ code, text }: ExtendedError): ExtendedError {
  return { code, text: Buffer.byteLength(text) > MAX_EXTRA_TEXT ? '' : text }
}

/** The server's OPT with our own payload size, and DO only as the client has it; none where it sent none. */
function bypassOpt(wire: Buffer, request: ClientRequest, listener: Listener): Opt | undefined {
  const { opt } = parseMessage(wire)
  if (opt === undefined || request.opt === undefined) return undefined
  const options = opt.options.filter(({ code }) => code !== OPTION.COOKIE) // between the server and us (RFC 7873 §8)
  return { ...opt, options, payloadSize: advertisedSize(listener), dnssecOk: opt.dnssecOk && request.opt.dnssecOk }
}

function plainOpt(listener: Listener): Opt {
  return { payloadSize: advertisedSize(listener), extendedRcode: 0, version: 0, dnssecOk: false, options: [] }
}

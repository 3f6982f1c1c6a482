import { constants } from 'node:os'
import type { CacheDumpEntry, QueryReport, ScopeDump, ServerState } from '../../observe/index.ts'
import type { Statistics } from '../../control/index.ts'
import { RCODE, rcodeText } from '../../wire/index.ts'
import { extendedErrorFields, systemError } from '../errors.ts'
import type { Inspection } from '../ports.ts'
import { encryptionOutput, micros } from './explanation.ts'
import { keyOutput, linkedRecord, recordOutput } from './records.ts'

/** More entries than this cannot fit one message; they are not even collected. */
const MAX_DUMPED_ENTRIES = 100_000

/** One finished query (varlink.md §4.1). */
export function reportOutput(report: QueryReport) {
  const { state, rcode, errno, dnssecResult, questions, collectedQuestions, answer } = report
  // An extended error belongs only to what a server or the validator said, not to failures to ask.
  const hasVerdict = state === 'rcode-failure' || state === 'dnssec-failed'
  return {
    ready: undefined,
    state,
    rcode: state === 'rcode-failure' ? rcode : undefined,
    errno: state === 'errno' ? errno : undefined,
    result: state === 'dnssec-failed' ? dnssecResult : undefined,
    extendedDNSErrorCode: undefined,
    extendedDNSErrorMessage: undefined,
    ...(hasVerdict && extendedErrorFields(report)),
    question: questions.map(keyOutput),
    collectedQuestions: collectedQuestions.length === 0 ? undefined : collectedQuestions.map(keyOutput),
    answer: answer.length === 0 ? undefined : answer.map(linkedRecord),
  }
}

/** The first reply of a subscription to queries: it has begun. */
export const READY = {
  ready: true,
  state: undefined,
  rcode: undefined,
  errno: undefined,
  result: undefined,
  extendedDNSErrorCode: undefined,
  extendedDNSErrorMessage: undefined,
  question: undefined,
  collectedQuestions: undefined,
  answer: undefined,
}

/** All caches (varlink.md §4.2). @throws {VarlinkError} EMSGSIZE when they cannot fit one message. */
export function cacheOutput(inspector: Inspection) {
  let room = MAX_DUMPED_ENTRIES
  const entry = (dumped: CacheDumpEntry) => {
    if (room-- === 0) throw systemError(constants.errno.EMSGSIZE)
    return entryOutput(dumped)
  }
  return Array.from(inspector.dumpCache(), (scope) => scopeOutput(scope, entry))
}

/** Entries are read while this runs, each through `entry`, which counts them. */
function scopeOutput<E>(scope: ScopeDump, entry: (dumped: CacheDumpEntry) => E) {
  return {
    protocol: scope.protocol,
    family: scope.family,
    ifindex: scope.ifindex || undefined,
    ifname: scope.ifname,
    dnssec: scope.dnssec,
    dnsOverTLS: scope.dnsOverTls,
    cache: Array.from(scope.entries, entry),
  }
}

/** `rrs` for what exists, even if empty (NODATA), `type` for what failed. */
function entryOutput({ question, rcode, records, until }: CacheDumpEntry) {
  const isFailure = rcode !== RCODE.NOERROR
  return {
    key: keyOutput(question),
    rrs: isFailure ? undefined : records.map(recordOutput),
    type: isFailure ? rcodeText(rcode) : undefined,
    until: Math.round(until * 1000),
  }
}

/** Keys and the word `n/a` are the original's (varlink.md §4.2); `Learnt` is ours and ignored by its clients. */
export function serverStateOutput(state: ServerState) {
  return {
    Server: state.server,
    Type: state.type,
    Interface: state.ifname,
    InterfaceIndex: state.ifindex || undefined,
    VerifiedFeatureLevel: state.verifiedFeatureLevel ?? 'n/a',
    PossibleFeatureLevel: state.possibleFeatureLevel,
    DNSSECMode: state.dnssec,
    DNSSECSupported: state.dnssecSupported,
    ReceivedUDPFragmentMax: state.receivedUdpFragmentMax,
    FailedUDPAttempts: state.failedUdpAttempts,
    FailedTCPAttempts: state.failedTcpAttempts,
    PacketTruncated: state.packetTruncated,
    PacketBadOpt: state.packetBadOpt,
    PacketRRSIGMissing: state.packetRrsigMissing,
    PacketInvalid: state.packetInvalid,
    PacketDoOff: state.packetDoOff,
    Learnt: learntOutput(state.learnt),
  }
}

/** Keys in the original's style, since they are members of its structure. */
function learntOutput(learnt: ServerState['learnt']) {
  return {
    State: learnt.state,
    RoundTripUSec: learnt.roundTrip === undefined ? undefined : micros(learnt.roundTrip),
    PatienceUSec: micros(learnt.patience),
    Lossy: learnt.isLossy,
    Sent: learnt.sent,
    Probes: learnt.probes,
    Answers: learnt.answers,
    Errors: learnt.errors,
    Hedges: learnt.hedges,
    VainHedges: learnt.vainHedges,
    RememberedFailures: learnt.rememberedFailures,
    EDNS: learnt.edns,
    EDNSLosses: learnt.ednsLosses,
    Payload: learnt.payload,
    LargeLosses: learnt.largeLosses,
    TCPFailures: learnt.tcpFailures,
    Mismatches: learnt.mismatches,
    Guesses: learnt.guesses,
    LetterCase: learnt.letterCase,
    Cookies: learnt.cookies,
    Encryption: encryptionOutput(learnt),
    Discovery: learnt.discovery,
    Doubts: learnt.doubts,
  }
}

/** Transactions, cache and DNSSEC, in the three groups of the original. */
export function statisticsOutput(statistics: Statistics) {
  const { cacheSize, cacheHits, cacheMisses, verdicts, ...transactions } = statistics
  return { transactions, cache: { size: cacheSize, hits: cacheHits, misses: cacheMisses }, dnssec: verdicts }
}

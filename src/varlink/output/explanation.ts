import type { Millis } from '../../base/index.ts'
import type { LookupFailure } from '../../lookup/index.ts'
import type { ExplainedCache, ExplainedScope, Explanation, Resolution, Resolved } from '../../resolve/index.ts'
import type { ServerReport } from '../../upstream/index.ts'
import { failureText } from '../../lookup/index.ts'
import { errorOfFailure } from '../errors.ts'
import type { Failure, Provenance, Remembered, Scope, Server, ValueOf } from '../../varlink-idl/index.ts'
import { keyOutput, linkedRecord } from './records.ts'

type ProvenanceValue = ValueOf<(typeof Provenance)['fields']>
type FailureValue = ValueOf<(typeof Failure)['fields']>
type ExplainedScopeValue = ValueOf<(typeof Scope)['fields']>
type RememberedValue = ValueOf<(typeof Remembered)['fields']>
type ExplainedServerValue = ValueOf<(typeof Server)['fields']>

/** `showsAge`: whether the caller may know when a cached answer was learnt, which tells when somebody asked for it. */
export function provenanceOutput({ answer, took, scores }: Resolved, showsAge: boolean): ProvenanceValue {
  const { source, scope, origin, attempts } = answer
  return {
    source,
    scope: scope?.label,
    ifindex: scope?.ifindex || undefined,
    server: origin?.server,
    transport: origin?.channel,
    learntUSec: origin && (showsAge || source === 'network') ? micros(origin.learntAt) : undefined,
    tookUSec: micros(took),
    attempts: attempts.map(({ server: asked, channel: transport, type, payloadSize, bytes, took: time, result }) => {
      return { server: asked, transport, type, payload: payloadSize, bytes, tookUSec: micros(time), result }
    }),
    scopes: scores().map(({ scope: label, ifindex: link, score, reason, won }) => {
      return { scope: label, ifindex: link || undefined, score, rule: reason, won }
    }),
  }
}

/** The error that `io.systemd.Resolve` would have given, and the sentence for people. */
export function failureOutput(failure: LookupFailure): FailureValue {
  const { rcode, kind, message, dnssecResult } = failure
  const { error } = errorOfFailure(failure)
  return { error, message, rcode: kind === 'rcode-failure' ? rcode : undefined, dnssecResult }
}

/** `showsCache`: whether the caller may know what is cached, which tells what others looked up. */
export function explanationOutput({ name, types, steps, scopes, changedAt }: Explanation, showsCache: boolean) {
  return {
    name,
    types,
    steps,
    scopes: scopes.map((scope) => scopeOutput(scope, showsCache)),
    changedUSec: changedAt && micros(changedAt),
    cacheHidden: showsCache ? undefined : true,
  }
}

/** What asking came to. */
export function askedOutput(resolution: Resolution, showsAge: boolean) {
  const { query, name, answer } = resolution
  const { state, rcode, errno, extendedError, dnssecResult, records, flags } = answer
  const isEmpty = state === 'success' && records.length === 0
  const kind = isEmpty ? 'no-such-rr' : state
  const message = kind === 'success' ? '' : failureText(kind, query.name, name, answer)
  const failure = { message, rcode, errno, parameter: undefined, queryString: name, extendedError, dnssecResult }
  return {
    state: isEmpty ? 'nodata' : state,
    failure: kind === 'success' ? undefined : failureOutput({ ...failure, kind }),
    name,
    rrs: records.map(linkedRecord),
    flags,
    provenance: provenanceOutput(resolution, showsAge),
  }
}

function scopeOutput(scope: ExplainedScope, showsCache: boolean): ExplainedScopeValue {
  const { ifindex, reason, cache, servers, ...same } = scope
  return {
    ...same,
    ifindex: ifindex || undefined,
    rule: reason,
    cache: showsCache ? cache.map(rememberedOutput) : [],
    servers: servers.map(serverOutput),
  }
}

/** Only the key where nothing is remembered. `under`: the key it is remembered under, where that is another. */
function rememberedOutput({ question, found, age, remaining, isOlderThanChange }: ExplainedCache): RememberedValue {
  const isOther =
    found !== undefined && (found.question.name !== question.name || found.question.type !== question.type)
  return {
    key: keyOutput(question),
    kind: found?.kind,
    under: isOther ? keyOutput(found.question) : undefined,
    ageUSec: found && micros(age),
    remainingUSec: found && micros(remaining),
    server: found?.learntFrom.server,
    transport: found?.learntFrom.channel,
    learntUSec: found && micros(found.learntFrom.learntAt),
    olderThanChange: found && isOlderThanChange,
  }
}

/** One server as `why` and `DescribeLinks` show it; the monitor interface has its own form (`output/monitor.ts`). */
export function serverOutput(report: ServerReport): ExplainedServerValue {
  const { server, roundTrip, sent, answers, silences, errors, truncated, invalid, mismatches, guesses, doubts } = report
  return {
    server,
    current: report.isCurrent,
    trusted: report.isTrusted,
    roundTripUSec: roundTrip === undefined ? undefined : micros(roundTrip),
    patienceUSec: micros(report.patience),
    edns: report.speaksEdns,
    sent,
    answers,
    silences,
    errors,
    truncated,
    invalid,
    mismatches,
    guesses,
    encryption: encryptionOutput(report),
    discovery: report.discovery,
    doubts,
  }
}

export function encryptionOutput({ encryption }: ServerReport): ExplainedServerValue['encryption'] {
  if (encryption === undefined) return undefined
  const { isOpen, age, ...same } = encryption
  return { ...same, open: isOpen, ageUSec: age === undefined ? undefined : micros(age) }
}

/** Whole microseconds, the unit of every time on varlink. */
export function micros(time: Millis): number {
  return Math.round(time * 1000)
}

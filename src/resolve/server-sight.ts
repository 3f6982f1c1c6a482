import type { Millis } from '../base/index.ts'
import type { Scope } from '../scope/index.ts'
import type { Upstream, Upstreams } from '../upstream/index.ts'
import { serverReportOf } from '../upstream/index.ts'

/** What is known of one server, for people: its public face, seen from outside. */
export interface ServerSight {
  /** With port and link. */
  readonly server: string
  /** The one that answered last, or would be asked first. */
  readonly isCurrent: boolean
  /** False while it owes an answer: others are asked before it. */
  readonly isTrusted: boolean
  /** Undefined before its first answer. */
  readonly roundTrip: Millis | undefined
  /** How long it may take before another is asked as well. */
  readonly patience: Millis
  readonly speaksEdns: boolean
  readonly sent: number
  readonly answers: number
  readonly silences: number
  readonly errors: number
  readonly truncated: number
  readonly invalid: number
  /** What speaks against it, in words; empty for one that is well. */
  readonly doubts: readonly string[]
}

/** The servers of a scope in the order in which they would be asked now. */
export function serverSights({ upstreams }: Scope, now: Millis): ServerSight[] {
  return upstreams.inOrder(now).map((upstream) => sightOf(upstream, upstreams, now))
}

function sightOf(upstream: Upstream, upstreams: Upstreams, now: Millis): ServerSight {
  const { sent, answers, silences, errors, truncated, invalid } = upstream.counts
  return {
    server: upstream.label,
    isCurrent: upstream === upstreams.current,
    isTrusted: upstream.isTrusted(now),
    roundTrip: upstream.roundTrip,
    patience: upstream.patience,
    speaksEdns: upstream.speaksEdns(now),
    sent,
    answers,
    silences,
    errors,
    truncated,
    invalid,
    doubts: serverReportOf(upstream, upstreams, now).doubts,
  }
}

import type { Millis } from '../base/index.ts'
import { typeText } from '../wire/index.ts'
import type { AbilityEvidence } from './abilities.ts'
import type { GuardState } from './guard-evidence.ts'
import type { EncryptionReport } from './encryption-state.ts'
import type { Upstream } from './upstream.ts'
import type { Upstreams } from './upstreams.ts'

/** So many errors without an answer in between are told: fewer may be the fault of a name. */
const ERRORS_IN_ROW = 3

/** All that is known of one server on its network, and from what, for people: every view of a server is made of it. */
export interface ServerReport extends AbilityEvidence {
  /** With port and link. */
  readonly server: string
  /** The one that answered last, or would be asked first. */
  readonly isCurrent: boolean
  /** False while it owes an answer: others are asked before it. */
  readonly isTrusted: boolean
  readonly speaksEdns: boolean
  /** `up`, `doubtful` or `out`, in the words of `Liveness`; `useless`: it gives errors where others answer. */
  readonly state: 'up' | 'doubtful' | 'out' | 'useless'
  /** Undefined before its first answer. */
  readonly roundTrip: Millis | undefined
  /** How long it may take before another message is sent. */
  readonly patience: Millis
  /** Messages get lost on the way. */
  readonly isLossy: boolean
  /** Messages, probes included, and those that went as probes. */
  readonly sent: number
  readonly probes: number
  readonly answers: number
  readonly errors: number
  readonly silences: number
  /** Replies that did not fit, and that could not be read. */
  readonly truncated: number
  readonly invalid: number
  /** Messages in its name that were no reply to what was asked, and questions that drew so many that somebody was guessing. */
  readonly mismatches: number
  readonly guesses: number
  /** Whether it repeats the letter case of questions, and whether it gives cookies. */
  readonly letterCase: GuardState
  readonly cookies: GuardState
  /** Messages sent elsewhere, or again, because this server took long; and those that it would not have taken. */
  readonly hedges: number
  readonly vainHedges: number
  /** Questions it is not asked again just now, as it failed at them (RFC 9520). */
  readonly rememberedFailures: number
  /** Undefined where it is to be asked in plaintext alone. */
  readonly encryption: EncryptionReport | undefined
  /** What it designates for encrypted DNS (RFC 9462), in words; undefined where it is not asked that. */
  readonly discovery: string | undefined
  /** What speaks against it, in words with the evidence; empty for a healthy server. */
  readonly doubts: readonly string[]
}

export function serverReportOf(upstream: Upstream, upstreams: Upstreams, now: Millis): ServerReport {
  const { liveness, roundTrip, isLossy, abilities, failures } = upstream
  const { sent, probes, answers, errors, silences, truncated, invalid, mismatches, guesses } = upstream.counts
  const { hedges, vainHedges } = upstream.counts
  const isUseless = liveness.state === 'up' && !upstream.isTrusted(now)
  const state = isUseless ? 'useless' : liveness.state
  const evidence = abilities.evidence(now)
  const dnssecLack = upstream.dnssec.lack(now)
  return {
    server: upstream.label,
    isCurrent: upstream === upstreams.current,
    isTrusted: upstream.isTrusted(now),
    speaksEdns: upstream.speaksEdns(now),
    state,
    roundTrip,
    patience: upstreams.patience(upstream),
    isLossy,
    sent,
    probes,
    answers,
    errors,
    silences,
    truncated,
    invalid,
    mismatches,
    guesses,
    letterCase: upstream.letterCase.state(now),
    cookies: upstream.cookies.evidence.state(now),
    hedges,
    vainHedges,
    rememberedFailures: failures.count(now),
    encryption: upstream.channels.encrypted === undefined ? undefined : upstream.encryption.report(now),
    discovery: upstream.discovery?.description,
    doubts: [
      ...errorDoubts(upstream.errors.useless(now)),
      ...(upstream.errorsInRow >= ERRORS_IN_ROW ? [`gave errors ${times(upstream.errorsInRow)}`] : []),
      ...doubts(state, isLossy, evidence),
      ...(guesses > 0 ? [`${guesses} questions drew replies that do not match, as from somebody who guesses`] : []),
      ...(upstream.discovery?.state === 'not verified' ? [upstream.discovery.description] : []),
      ...(upstream.letterCase.isOn(now) ? [] : ['no answer to questions in mixed letter case']),
      ...(upstream.cookies.evidence.isOn(now) ? [] : ['no use of cookies']),
      ...(dnssecLack === undefined ? [] : [`cannot do DNSSEC: ${dnssecLack}`]),
      ...(upstream.encryption.doubt === undefined ? [] : [upstream.encryption.doubt]),
    ],
    ...evidence,
  }
}

/** Types it answers with errors. */
function errorDoubts(types: readonly number[]): string[] {
  return types.length === 0 ? [] : [`gives errors for ${types.map(typeText).join(', ')} where others answer`]
}

function doubts(
  state: ServerReport['state'],
  isLossy: boolean,
  { edns, ednsLosses, largeLosses, tcpFailures }: AbilityEvidence,
): string[] {
  return [
    ...(state === 'doubtful' ? ['owes an answer'] : []),
    ...(state === 'out' ? ['silent'] : []),
    ...(isLossy && state !== 'out' ? ['messages get lost'] : []),
    ...(edns === 'refused' ? ['no EDNS'] : []),
    ...(edns === 'in doubt' ? [`no answer to EDNS ${times(ednsLosses)}`] : []),
    ...(largeLosses > 0 ? [`large answers lost ${times(largeLosses)}`] : []),
    ...(tcpFailures > 0 ? [`TCP failed ${times(tcpFailures)}`] : []),
  ]
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times in a row`
}

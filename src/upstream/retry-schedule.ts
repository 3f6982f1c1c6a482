import { type Channel, isStream, type Millis } from '../base/index.ts'
import type { ServerAttempt } from './server-attempt.ts'
import type { Exchange } from './exchange.ts'
import type { Upstreams } from './upstreams.ts'

/** A question is given up after this long: stub clients wait for 5 s (resolv.conf(5)) and must get a reply before that. */
const LIFETIME: Millis = 4500
/** The same while the scope is offline: long enough to notice a server that is back, else a fast failure. */
const OFFLINE_LIFETIME: Millis = 600
/** Factor by which each round of the servers waits longer, and the longest wait: 17 messages at an ordinary round trip. */
const GROWTH = 1.25
const LONGEST_WAIT: Millis = 350
/** The same where the server is alive and hardly anything gets lost: the question takes long, and asking often does not help. */
const CALM_GROWTH = 2
const LONGEST_CALM_WAIT: Millis = 1500
/** The longest wait for a server that is out: probes find out about it, questions only have to notice when it is back. */
const LONGEST_OUT_WAIT: Millis = 700
/**
 * Rounds that do not grow on a lossy path to a server that was heard within `JUST_NOW`: its own round trips tell when an
 * answer is overdue, and half the messages may have to be sent again.
 */
const EAGER_ROUNDS = 6
const JUST_NOW: Millis = 3000
/** The longest wait between messages while offline, so that all servers are asked within `OFFLINE_LIFETIME`. */
const OFFLINE_PATIENCE: Millis = 150
/** Round trips a TCP exchange may take: the handshake, the question, and one retransmission. */
const TCP_ROUNDS = 4
/** Assumed least round trip for TCP, as a datagram on an idle path may have been quicker. */
const SHORTEST_ROUND: Millis = 60
const SHORTEST_TCP_WAIT: Millis = 400
const TCP_PATIENCE: Millis = 2000
/** Once one server gave an error, the others get this long to do better. */
const ERROR_PATIENCE: Millis = 1000
/** The same when none of the others is trusted. */
const HOPELESS_PATIENCE: Millis = 150
/** Where the hedge budget is used up, the next server is asked after this many further times the patience. */
const STRETCH = 2

/** A timer that is so much too late means that the machine was suspended: silence meanwhile says nothing. */
export const SUSPEND_GAP: Millis = 2000

/** When one question is asked again, and when it is given up (R-SRV-6). */
export class RetrySchedule {
  readonly #upstreams: Upstreams
  readonly #isOffline: boolean
  #deadline: Millis
  #nextSendAt: Millis
  #hasStretched = false

  constructor(upstreams: Upstreams, now: Millis) {
    this.#upstreams = upstreams
    this.#isOffline = upstreams.isOffline(now)
    this.#deadline = now + (this.#isOffline ? OFFLINE_LIFETIME : LIFETIME)
    this.#nextSendAt = now
  }

  get deadline(): Millis {
    return this.#deadline
  }

  /** Begins anew after a suspend. */
  restart(now: Millis): void {
    this.#deadline = now + LIFETIME
    this.#nextSendAt = now
  }

  get nextSendAt(): Millis {
    return this.#nextSendAt
  }

  /** How long the transport listens for the answer to one message. */
  patience(channel: Channel): Millis {
    return isStream(channel) ? TCP_PATIENCE : LIFETIME
  }

  /** A message goes out over UDP or an encrypted channel, in the given round of the servers. */
  onSend(attempt: ServerAttempt, channel: Channel, round: number, now: Millis): void {
    this.#nextSendAt = now + this.#waitFor(attempt, channel, round, now)
  }

  /** The same over a stream. `hasOthers`: another server can be asked, which then need not wait for long. */
  onSendStream({ upstream }: ServerAttempt, hasOthers: boolean, now: Millis): void {
    const wait = Math.max(SHORTEST_TCP_WAIT, TCP_ROUNDS * this.#upstreams.patience(upstream))
    const round = Math.max(SHORTEST_ROUND, 2 * (upstream.roundTrip ?? 0))
    this.#nextSendAt = now + Math.min(TCP_PATIENCE, hasOthers ? Math.min(wait, TCP_ROUNDS * round) : wait)
  }

  /** A server gave an error; `hasHope` when another might do better. */
  onServerError(hasHope: boolean, now: Millis): void {
    this.#deadline = Math.min(this.#deadline, now + (hasHope ? ERROR_PATIENCE : HOPELESS_PATIENCE))
  }

  /** Whether to ask again while the only message may still be answered: takes budget, or else stretches its time once. */
  mayHedge(only: Exchange, now: Millis): boolean {
    if (this.#hasStretched || only.upstream.liveness.state === 'out') return true
    only.hedge = this.#upstreams.hedge(only.upstream, now)
    if (only.hedge !== undefined) return true
    this.#hasStretched = true
    this.#nextSendAt = now + STRETCH * this.#upstreams.patience(only.upstream)
    return false
  }

  #waitFor({ upstream, isStuck }: ServerAttempt, channel: Channel, round: number, now: Millis): Millis {
    const patience = this.#upstreams.patienceOver(upstream, channel)
    if (this.#isOffline) return Math.min(OFFLINE_PATIENCE, patience)
    const isAlive = upstream.liveness.wasHeardSince(now - JUST_NOW)
    if (upstream.isLossy && isAlive) return grown(patience, GROWTH, Math.max(0, round - EAGER_ROUNDS), LONGEST_WAIT)
    if (upstream.liveness.state === 'out') return grown(patience, CALM_GROWTH, round, LONGEST_OUT_WAIT)
    if (isStuck) return grown(patience, CALM_GROWTH, round, LONGEST_CALM_WAIT)
    return grown(patience, GROWTH, round, LONGEST_WAIT)
  }
}

function grown(patience: Millis, growth: number, rounds: number, longest: Millis): Millis {
  return Math.min(Math.max(longest, patience), patience * growth ** rounds)
}

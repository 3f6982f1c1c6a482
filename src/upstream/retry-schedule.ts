import { type Channel, isStream, type Millis } from '../base/index.ts'
import type { ServerAttempt } from './server-attempt.ts'
import type { Exchange } from './exchange.ts'
import type { Upstreams } from './upstreams.ts'

/** A question is given up after this long: a stub client's own patience is 5 s, and it is owed a reply before that. */
const LIFETIME: Millis = 4500
/** When no server has answered anything for a while, a question is there to see if one does, and then fails fast. */
const OFFLINE_LIFETIME: Millis = 600
/** Each round of the servers waits so much longer, up to a limit: 17 messages in a lifetime at an ordinary round trip. */
const GROWTH = 1.25
const LONGEST_WAIT: Millis = 350
/** Where the server lives and hardly anything gets lost, the question takes its time: asking often does not help. */
const CALM_GROWTH = 2
const LONGEST_CALM_WAIT: Millis = 1500
/** Where the server is out, probes look after it, and what waits for it is only to notice when it is back. */
const LONGEST_OUT_WAIT: Millis = 700
/**
 * Where messages get lost on the way to a server that was heard of just now, so many rounds follow each other without
 * growing: the server's own pace says when an answer is overdue, and half the messages may have to be sent again.
 */
const EAGER_ROUNDS = 6
const JUST_NOW: Millis = 3000
const OFFLINE_PATIENCE: Millis = 150
/** TCP needs more round trips; a connection that says nothing for the second time is not worth keeping. */
const TCP_ROUNDS = 4
/** Of the datagram that told us to use TCP, at least so long. */
const SHORTEST_ROUND: Millis = 60
const SHORTEST_TCP_WAIT: Millis = 400
const TCP_PATIENCE: Millis = 2000
/** With an error in hand, the other servers get this long for something better. */
const ERROR_PATIENCE: Millis = 1000
/** The same when the others have been silent for a while: they are asked, but hardly waited for. */
const HOPELESS_PATIENCE: Millis = 150
/** Without leave to hedge, a server gets its patience once more, times this, before the next is asked anyway. */
const STRETCH = 2

/** Whoever is called so much too late was asleep, and heard nothing because of that. */
export const SUSPEND_GAP: Millis = 2000

/** When one question is asked again, and when it is given up. */
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

  /** All the time there was to begin with. */
  restart(now: Millis): void {
    this.#deadline = now + LIFETIME
    this.#nextSendAt = now
  }

  get nextSendAt(): Millis {
    return this.#nextSendAt
  }

  /** How long somebody listens for the answer to one message. */
  patience(channel: Channel): Millis {
    return isStream(channel) ? TCP_PATIENCE : LIFETIME
  }

  /** A message goes out over UDP, in the given round of the servers. */
  onSend(attempt: ServerAttempt, round: number, now: Millis): void {
    this.#nextSendAt = now + this.#waitFor(attempt, round, now)
  }

  /** And one over TCP: where somebody else can be asked, that need not wait for long. */
  onSendStream({ upstream }: ServerAttempt, hasOthers: boolean, now: Millis): void {
    const wait = Math.max(SHORTEST_TCP_WAIT, TCP_ROUNDS * this.#upstreams.patience(upstream))
    const round = Math.max(SHORTEST_ROUND, 2 * (upstream.roundTrip ?? 0))
    this.#nextSendAt = now + Math.min(TCP_PATIENCE, hasOthers ? Math.min(wait, TCP_ROUNDS * round) : wait)
  }

  /** A server gave an error; `hasHope` when another might do better. */
  onServerError(hasHope: boolean, now: Millis): void {
    this.#deadline = Math.min(this.#deadline, now + (hasHope ? ERROR_PATIENCE : HOPELESS_PATIENCE))
  }

  /** Asking again while the only message may still be answered costs budget; without, it gets more time first. */
  mayHedge(only: Exchange, now: Millis): boolean {
    if (this.#hasStretched || only.upstream.liveness.state === 'out') return true
    only.hedge = this.#upstreams.hedge(only.upstream, now)
    if (only.hedge !== undefined) return true
    this.#hasStretched = true
    this.#nextSendAt = now + STRETCH * this.#upstreams.patience(only.upstream)
    return false
  }

  #waitFor({ upstream, isStuck }: ServerAttempt, round: number, now: Millis): Millis {
    const patience = this.#upstreams.patience(upstream)
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

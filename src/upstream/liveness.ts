import type { Millis } from '../base/index.ts'

/** Pause between probes of a server that is out: doubles from the first to the longest, so that it is back within 5 s. */
const FIRST_PAUSE: Millis = 250
const LONGEST_PAUSE: Millis = 4000
/** While no server is left: recovery is to be noticed within a second. */
const LONGEST_PAUSE_OFFLINE: Millis = 700
/** After so long without a probe or a miss the state says nothing, and the server is trusted again. */
const MEMORY: Millis = 10_000
/** A server counts as gone, and not as lossy, after so many unanswered messages over so long a time. */
const GONE_MISSES = 8
const GONE_AFTER: Millis = 4000

/**
 * Whether one server is there. Only silence counts, and only silence that is not broken by an answer to anything else:
 * a question that takes long, while the server answers others, says nothing against it.
 *
 * `up` it answered last, or nothing is known · `doubtful` one message went unanswered for its whole patience, and a
 * probe is on its way · `out` what was sent after that went unanswered too, or the network says it is unreachable; it is
 * probed until it answers. In either case the others are asked first.
 */
export class Liveness {
  #state: 'up' | 'doubtful' | 'out' = 'up'
  #heardAt = Number.NEGATIVE_INFINITY
  #misses = 0
  /** When the first of the unanswered messages was sent. */
  #silentSince: Millis = 0
  #suspectedAt: Millis = 0
  /** The last miss or probe. */
  #lookedAt: Millis = 0
  /** Probes since it became `doubtful` or `out`. */
  #pauses = 0

  get state(): 'up' | 'doubtful' | 'out' {
    return this.#state
  }

  /** False while it owes an answer. For a live server that is short: its probe is answered within a round trip. */
  isTrusted(now: Millis): boolean {
    return this.#state === 'up' || now - this.#lookedAt > MEMORY
  }

  /** Out for so long and against so many messages that loss does not explain it. */
  isGone(now: Millis): boolean {
    return !this.isTrusted(now) && this.#misses >= GONE_MISSES && now - this.#silentSince >= GONE_AFTER
  }

  /** Whether it said anything after `time`. */
  wasHeardSince(time: Millis): boolean {
    return this.#heardAt > time
  }

  /** Any message came from it. */
  onHeard(now: Millis): void {
    this.#heardAt = now
    this.#state = 'up'
    this.#misses = 0
  }

  /** A message sent at `sentAt` went unanswered for the server's whole patience. */
  onMiss(sentAt: Millis, now: Millis): void {
    if (sentAt <= this.#heardAt) return // slow or lost, but the server is there
    if (this.#misses++ === 0) this.#silentSince = sentAt
    this.#lookedAt = now
    if (this.#state === 'up') {
      this.#state = 'doubtful'
      this.#suspectedAt = now
      this.#pauses = 0
    } else if (this.#state === 'doubtful' && sentAt >= this.#suspectedAt) this.#goOut()
  }

  /** The network says that it is unreachable. */
  onUnreachable(now: Millis): void {
    if (this.#misses++ === 0) this.#silentSince = now
    this.#lookedAt = now
    if (this.#state !== 'out') this.#goOut()
  }

  /** When the next probe is due, `leastPause` after the last look at the earliest; undefined when none is needed. */
  probeAt(isOffline: boolean, leastPause: Millis = 0): Millis | undefined {
    if (this.#state === 'up') return undefined
    if (this.#state === 'doubtful') return this.#pauses === 0 ? this.#suspectedAt : undefined
    const pause = FIRST_PAUSE * 2 ** Math.max(0, this.#pauses - 1)
    const longest = isOffline ? LONGEST_PAUSE_OFFLINE : LONGEST_PAUSE
    return this.#lookedAt + Math.max(leastPause, Math.min(longest, pause))
  }

  onProbe(now: Millis): void {
    this.#pauses = Math.min(16, this.#pauses + 1)
    this.#lookedAt = now
  }

  /** Whether it is there is unknown and to be probed now. */
  suspect(now: Millis): void {
    this.reset()
    this.#state = 'doubtful'
    this.#suspectedAt = now
    this.#lookedAt = now
    this.#pauses = 0
  }

  /** Nothing is known any more. */
  reset(): void {
    this.#state = 'up'
    this.#misses = 0
    this.#heardAt = Number.NEGATIVE_INFINITY
  }

  #goOut(): void {
    this.#state = 'out'
    this.#pauses = 1
  }
}

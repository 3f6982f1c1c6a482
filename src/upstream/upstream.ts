import type { Millis } from '../base/index.ts'
import type { ServerSpec } from '../settings/index.ts'
import { serverKey } from '../settings/index.ts'
import type { Endpoint } from './transport.ts'

/** Patience before anything is known of a server, and the bounds of what is learnt. */
const FIRST_PATIENCE: Millis = 250
const SHORTEST_PATIENCE: Millis = 60
const LONGEST_PATIENCE: Millis = 1000
/** A silent server is passed over this long, twice as long after each further silence. */
const FIRST_PENALTY: Millis = 500
const LONGEST_PENALTY: Millis = 4000
/** What was learnt of a server's abilities is tried anew after this long (R-SRV-16). */
const CAPABILITY_LIFETIME: Millis = 5 * 60_000

export const DNS_PORT = 53

/** A server of a scope and the way to it. */
export interface PlannedServer {
  readonly spec: ServerSpec
  readonly endpoint: Endpoint
  /** For people: `192.0.2.1`, `[2001:db8::1]:5353%eth0`. */
  readonly label: string
}

/**
 * One server of one scope, and what it has proven. Facts about a server live here and not in the cache; they go when
 * the link it is reached through goes.
 */
export class Upstream {
  readonly spec: ServerSpec
  readonly endpoint: Endpoint
  /** For people; follows the name of the link. */
  label: string
  /** Smoothed round trip and its deviation (RFC 6298 §2); undefined until the first answer. */
  #roundTrip: { mean: Millis; deviation: Millis } | undefined
  #silences = 0
  #silentSince: Millis = 0
  #withoutEdnsSince: Millis | undefined
  readonly counts = { sent: 0, answers: 0, silences: 0, errors: 0, truncated: 0, invalid: 0, largestUdp: 0 }

  constructor({ spec, endpoint, label }: PlannedServer) {
    this.spec = spec
    this.endpoint = endpoint
    this.label = label
  }

  /** Whether this is the server planned, reached the same way. */
  is({ spec, endpoint }: PlannedServer): boolean {
    return serverKey(spec) === serverKey(this.spec) && endpoint.ifindex === this.endpoint.ifindex
  }

  /** How long to wait for it before another server is asked as well. */
  get patience(): Millis {
    if (this.#roundTrip === undefined) return FIRST_PATIENCE
    const { mean, deviation } = this.#roundTrip
    return Math.min(LONGEST_PATIENCE, Math.max(SHORTEST_PATIENCE, mean + 4 * deviation))
  }

  get roundTrip(): Millis | undefined {
    return this.#roundTrip?.mean
  }

  /** False while it owes an answer and its penalty runs; after that it gets another chance in its place of the list. */
  isTrusted(now: Millis): boolean {
    if (this.#silences === 0) return true
    return now - this.#silentSince >= Math.min(LONGEST_PENALTY, FIRST_PENALTY * 2 ** (this.#silences - 1))
  }

  /** Whether to send EDNS. Only its own words count against it, never silence. */
  speaksEdns(now: Millis): boolean {
    if (this.#withoutEdnsSince !== undefined && now - this.#withoutEdnsSince > CAPABILITY_LIFETIME) {
      this.#withoutEdnsSince = undefined
    }
    return this.#withoutEdnsSince === undefined
  }

  onSent(): void {
    this.counts.sent++
  }

  /** It answered, however late: then it is alive. */
  onAnswer(took: Millis): void {
    this.counts.answers++
    this.#silences = 0
    const known = this.#roundTrip
    if (known === undefined) this.#roundTrip = { mean: took, deviation: took / 2 }
    else {
      known.deviation += (Math.abs(took - known.mean) - known.deviation) / 4
      known.mean += (took - known.mean) / 8
    }
  }

  /** Size of a reply over UDP. */
  noteSize(bytes: number): void {
    this.counts.largestUdp = Math.max(this.counts.largestUdp, bytes)
  }

  /** Its patience ran out, or the network said it cannot be reached. */
  onSilence(now: Millis): void {
    this.counts.silences++
    this.#silences++
    this.#silentSince = now
  }

  /** It refused EDNS and then answered the same question without. */
  onEdnsRefused(now: Millis): void {
    this.#withoutEdnsSince = now
  }

  /** Forgets what was learnt (ResetServerFeatures, resume). */
  reset(): void {
    this.#roundTrip = undefined
    this.#silences = 0
    this.#withoutEdnsSince = undefined
  }
}

/** The servers of one scope: the order of the list is the order of preference. */
export class Upstreams {
  readonly all: readonly Upstream[]
  #current: Upstream | undefined

  constructor(all: readonly Upstream[]) {
    this.all = all
  }

  /** The one that answered last, else the one that would be asked first; undefined when there is none. */
  get current(): Upstream | undefined {
    return this.#current ?? this.all[0]
  }

  /** Whom to ask, best first: the trusted ones in list order, then those that owe an answer. */
  inOrder(now: Millis): Upstream[] {
    return [
      ...this.all.filter((upstream) => upstream.isTrusted(now)),
      ...this.all.filter((upstream) => !upstream.isTrusted(now)),
    ]
  }

  onAnswerFrom(upstream: Upstream): void {
    this.#current = upstream
  }

  reset(): void {
    for (const upstream of this.all) upstream.reset()
  }
}

import type { Millis, Random } from '../../base/index.ts'
import type { Name } from '../../wire/index.ts'
import { Recent } from './recent.ts'
import type { Claim, OwnRecord } from './zone.ts'

/** Before the first probe, so that machines that start together do not ask together (RFC 6762 §8.1). */
const MAX_START_DELAY: Millis = 250
const PROBE_INTERVAL: Millis = 250
const PROBES = 3
const ANNOUNCEMENT_INTERVAL: Millis = 1000
const ANNOUNCEMENTS = 2
/** Who lost against a simultaneous probe asks again after this, and finds the winner or a free name (RFC 6762 §8.2). */
const DEFERRAL: Millis = 1000
/** So many conflicts within 10 s, and each attempt waits for 5 s (RFC 6762 §8.1). */
const CONFLICTS_TOLERATED = 15
const CONFLICT_WINDOW: Millis = 10_000
const CONFLICT_DELAY: Millis = 5000
/** Records change ten times in a minute at most (RFC 6762 §8.4). */
const UPDATES_PER_MINUTE = 10
const MINUTE: Millis = 60_000

/**
 * `probing`: `sent` probes are out, nothing is answered. `announcing`: the name is ours, `sent` announcements are out.
 * `established`: nothing more to send. `lost`: a neighbour has the name, another one is to come with the next claims.
 */
export type Phase = 'probing' | 'announcing' | 'established' | 'lost'

interface State {
  claim: Claim
  phase: Phase
  sent: number
  /** When the next probe or announcement goes out, or the name becomes ours. */
  dueAt: Millis
  /** Whether neighbours may know the records: they are told when these end. */
  isKnown: boolean
}

/** What has to be sent. */
export interface Due {
  readonly probes: readonly Claim[]
  readonly announcements: readonly OwnRecord[]
}

/** The names that a link claims, each on its way from probe to announcement (RFC 6762 §8). */
export class Claims {
  readonly #random: Random
  readonly #states = new Map<string, State>()
  #byName: ReadonlyMap<Name, State> = new Map()
  /** Until one of them changes. */
  #published: readonly Claim[] | undefined
  readonly #conflicts = new Recent(CONFLICTS_TOLERATED, CONFLICT_WINDOW)
  readonly #updates = new Recent(UPDATES_PER_MINUTE, MINUTE)

  constructor(random: Random) {
    this.#random = random
  }

  /** Puts these in the place of those before. Returns the records that end by that, and that neighbours may know. */
  apply(claims: readonly Claim[], now: Millis): OwnRecord[] {
    const before = this.#known()
    this.#published = undefined
    const wanted = new Set(claims.map(({ id }) => id))
    for (const id of this.#states.keys()) if (!wanted.has(id)) this.#states.delete(id)
    const start = this.#startAt(now)
    for (const claim of claims) this.#follow(claim, start, now)
    this.#byName = new Map([...this.#states.values()].map((state) => [state.claim.name, state]))
    const after = new Set(this.#known().map(({ key }) => key))
    return before.filter(({ key }) => !after.has(key))
  }

  /** Everything is probed for again: after a time of not hearing the others. */
  verifyAll(now: Millis): void {
    const start = this.#startAt(now)
    this.#published = undefined
    for (const state of this.#states.values()) if (state.phase !== 'lost') begin(state, start)
  }

  /** Those whose names are ours by now: the same list until there is a change. */
  get published(): readonly Claim[] {
    return (this.#published ??= [...this.#states.values()].flatMap(({ phase, claim }) =>
      isOurs(phase) ? [claim] : [],
    ))
  }

  /** The claim of a name, and how far it is: `isAsked` once a probe is out, as nobody could have answered before (MD-P-2). */
  at(name: Name): { readonly claim: Claim; readonly phase: Phase; readonly isAsked: boolean } | undefined {
    const state = this.#byName.get(name)
    return state && { claim: state.claim, phase: state.phase, isAsked: state.sent > 0 }
  }

  /** A neighbour probes for the same name, and wins: it is ours to ask for again a second later (MD-P-4). */
  defer({ id }: Claim, now: Millis): void {
    this.#again(id, now, DEFERRAL)
  }

  /** A neighbour tells something else of a name that is ours: it is probed for again (MD-P-7). */
  verify({ id }: Claim, now: Millis): void {
    this.#again(id, now, 0)
  }

  /** The name is a neighbour's: nothing more is sent for it. */
  lose({ id }: Claim, now: Millis): void {
    const state = this.#states.get(id)
    if (state === undefined) return
    this.#conflicts.note(now)
    this.#published = undefined
    state.phase = 'lost'
    state.dueAt = Number.POSITIVE_INFINITY
  }

  /** When `take` is to be called; infinite for never. */
  get nextDue(): Millis {
    let next = Number.POSITIVE_INFINITY
    for (const { dueAt } of this.#states.values()) next = Math.min(next, dueAt)
    return next
  }

  /** What is due goes out with this call. */
  take(now: Millis): Due {
    const probes: Claim[] = []
    const announcements = new Map<string, OwnRecord>()
    for (const state of this.#states.values()) {
      if (state.dueAt > now) continue
      if (state.phase === 'probing' && state.sent < PROBES) {
        state.sent++
        state.dueAt = now + PROBE_INTERVAL
        probes.push(state.claim)
        continue
      }
      if (state.phase === 'probing') this.#published = undefined
      announce(state, now)
      for (const record of recordsOf(state.claim)) announcements.set(record.key, record)
    }
    return { probes, announcements: [...announcements.values()] }
  }

  #follow(claim: Claim, start: Millis, now: Millis): void {
    const state = this.#states.get(claim.id)
    if (state === undefined || state.claim.name !== claim.name) {
      this.#states.set(claim.id, { claim, phase: 'probing', sent: 0, dueAt: start, isKnown: false })
      return
    }
    const hasChanged = keysOf(state.claim) !== keysOf(claim)
    state.claim = claim
    if (!hasChanged || !isOurs(state.phase)) return
    state.phase = 'announcing'
    state.sent = 0
    state.dueAt = this.#updates.freeAt(now)
    this.#updates.note(state.dueAt)
  }

  #again(id: string, now: Millis, delay: Millis): void {
    const state = this.#states.get(id)
    if (state === undefined) return
    this.#conflicts.note(now)
    this.#published = undefined
    begin(state, Math.max(now + delay, this.#startAt(now)))
  }

  /** Records that neighbours may know, each once. */
  #known(): OwnRecord[] {
    const known = [...this.#states.values()].filter(({ isKnown }) => isKnown)
    return [...new Map(known.flatMap(({ claim }) => recordsOf(claim)).map((record) => [record.key, record])).values()]
  }

  #startAt(now: Millis): Millis {
    const isStorm = this.#conflicts.freeAt(now) > now
    return now + (isStorm ? CONFLICT_DELAY : this.#random.below(MAX_START_DELAY + 1))
  }
}

function isOurs(phase: Phase): boolean {
  return phase === 'announcing' || phase === 'established'
}

function begin(state: State, start: Millis): void {
  state.phase = 'probing'
  state.sent = 0
  state.dueAt = start
}

function announce(state: State, now: Millis): void {
  if (state.phase === 'probing') {
    state.phase = 'announcing'
    state.sent = 0
  }
  state.sent++
  state.isKnown = true
  const isLast = state.sent === ANNOUNCEMENTS
  if (isLast) state.phase = 'established'
  state.dueAt = isLast ? Number.POSITIVE_INFINITY : now + ANNOUNCEMENT_INTERVAL
}

function recordsOf({ unique, others }: Claim): readonly OwnRecord[] {
  return [...unique, ...others]
}

function keysOf(claim: Claim): string {
  return recordsOf(claim)
    .map(({ key, ttl }) => `${key} ${ttl}`)
    .toSorted()
    .join('\n')
}

import { sharedAbort } from '../base/index.ts'
import { type Caller, isTrusted } from '../control/index.ts'
import { BusError, ERROR } from './errors.ts'

/** What a call waits for; each kind has bounds of its own, so that lookups never keep a setting out. */
export type WaitKind = 'lookup' | 'change' | 'authorization'

interface Bounds {
  readonly perClient: number
  readonly total: number
}

/**
 * A network manager pushes seven settings per link without waiting (dbus.md §10), hence the room for changes; a polkit
 * question can stay open for as long as somebody looks at a password dialog, hence the little room for those.
 */
const BOUNDS: Readonly<Record<WaitKind, Bounds>> = {
  lookup: { perClient: 256, total: 2048 },
  change: { perClient: 2048, total: 4096 },
  authorization: { perClient: 64, total: 512 },
}

/** Of each total, for root and the daemon's own user alone: whatever others do, the machine can be put right. */
const RESERVED = 1 / 8
/** Of the rest, for whoever comes first; beyond it users share, which takes knowing who they are. */
const FREE_FOR_ALL = 1 / 2

/** The right to wait; disposing frees it. `signal` aborts when the client leaves the bus or the bus goes away. */
export interface WaitSlot extends Disposable {
  readonly signal: AbortSignal
}

/** Whoever sent a call. */
export interface Client {
  readonly busName: string
  /** What the bus has told of it, if it was asked. */
  readonly identity: Caller | undefined
  /** @throws {BusError} LimitsExceeded */
  enter(kind: WaitKind): WaitSlot
  /** What the bus vouches for; asked once, and remembered while the client is there. */
  identify(): Promise<Caller>
}

/** Why waiting ended: no reply can reach the caller. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone'
}

/** Who has calls waiting on one connection to the bus, and how many. */
export class Clients implements Disposable {
  readonly #waiting = new Map<string, WaitingCalls>()
  readonly #totals = { lookup: 0, change: 0, authorization: 0 }
  readonly #known = new Map<string, Promise<Caller>>()
  /** Those of `#known` that the bus has told us. */
  readonly #identified = new Map<string, Caller>()
  /** Calls that wait, by kind and user; those begun while there was room for all are nobody's. */
  readonly #ofUsers = new Map<string, number>()
  readonly #daemonUid: number
  readonly #lookUp: (busName: string) => Promise<Caller>

  /** `lookUp` asks the bus for the credentials of a unique name; a caller it knows nothing of is not remembered. */
  constructor(lookUp: (busName: string) => Promise<Caller>, daemonUid: number) {
    this.#lookUp = lookUp
    this.#daemonUid = daemonUid
  }

  /** So many calls wait that whose they are has come to matter. */
  get isScarce(): boolean {
    return KINDS.some((kind) => this.#totals[kind] >= sharedPart(kind) * FREE_FOR_ALL)
  }

  client(busName: string): Client {
    return {
      busName,
      identity: this.#identified.get(busName),
      enter: (kind) => this.#enter(busName, kind),
      identify: () => this.#identify(busName),
    }
  }

  /** The client left the bus: whatever it waits for is called off. */
  left(busName: string): void {
    this.#forget(busName)
    const reason = new ClientGone(`${busName} left the bus`)
    for (const slot of this.#waiting.get(busName)?.slots ?? []) slot.abort(reason)
  }

  /** The connection is gone, and every client with it. */
  [Symbol.dispose](): void {
    for (const busName of this.#waiting.keys()) this.left(busName)
    this.#known.clear()
    this.#identified.clear()
  }

  /** Takes a slot of the client and one of all; both are given back once, at disposal. */
  #enter(busName: string, kind: WaitKind): WaitSlot {
    const waiting = this.#waiting.get(busName) ?? new WaitingCalls()
    if (waiting.counts[kind] >= BOUNDS[kind].perClient) throw tooMany('Too many calls of this client are waiting.')
    const user = this.#userOf(busName, kind)
    if (!this.#hasRoom(busName, user, kind)) throw tooMany('Too many calls are waiting.')
    if (user !== undefined) this.#ofUsers.set(user, this.#countOf(user) + 1)
    this.#waiting.set(busName, waiting)
    const slot = sharedAbort() // each host of a service waits for it
    waiting.slots.add(slot)
    waiting.counts[kind]++
    this.#totals[kind]++
    const leave = () => {
      if (!waiting.slots.delete(slot)) return
      waiting.counts[kind]--
      this.#totals[kind]--
      if (user !== undefined) this.#leave(user)
      if (waiting.slots.size === 0) this.#waiting.delete(busName)
    }
    return { signal: slot.signal, [Symbol.dispose]: leave }
  }

  /** To whom a call is charged: a user where it matters, those the bus does not vouch for together; nobody otherwise. */
  #userOf(busName: string, kind: WaitKind): string | undefined {
    if (this.#totals[kind] < sharedPart(kind) * FREE_FOR_ALL) return undefined
    return `${kind} ${this.#identified.get(busName)?.uid ?? '?'}`
  }

  /** A user may have as many as are left: one alone half of them, two a third each, and there is room for one more. */
  #hasRoom(busName: string, user: string | undefined, kind: WaitKind): boolean {
    if (user === undefined) return true
    const caller = this.#identified.get(busName)
    const total = this.#totals[kind]
    if (caller !== undefined && isTrusted(caller, this.#daemonUid)) return total < BOUNDS[kind].total
    return this.#countOf(user) < sharedPart(kind) - total
  }

  #countOf(user: string): number {
    return this.#ofUsers.get(user) ?? 0
  }

  #leave(user: string): void {
    const left = this.#countOf(user) - 1
    if (left > 0) this.#ofUsers.set(user, left)
    else this.#ofUsers.delete(user)
  }

  #forget(busName: string): void {
    this.#known.delete(busName)
    this.#identified.delete(busName)
  }

  /** One question to the bus for each client; failures and unknown callers are asked about again. */
  #identify(busName: string): Promise<Caller> {
    const known = this.#known.get(busName)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_KNOWN) {
      this.#known.clear()
      this.#identified.clear()
    }
    const asked = this.#lookUp(busName)
    this.#known.set(busName, asked)
    const isStillHere = () => this.#known.get(busName) === asked
    const onCaller = (caller: Caller) => {
      if (!isStillHere()) return
      if (caller.uid === undefined) this.#forget(busName)
      else this.#identified.set(busName, caller)
    }
    asked.then(onCaller, () => isStillHere() && this.#forget(busName))
    return asked
  }
}

const KINDS: readonly WaitKind[] = ['lookup', 'change', 'authorization']

/** Of calls of a kind, what is not reserved. */
function sharedPart(kind: WaitKind): number {
  return BOUNDS[kind].total * (1 - RESERVED)
}

/** Unique names are forgotten when their owners leave; this bounds those who stay. */
const MAX_KNOWN = 4096

/** Of one client: who to abort when it leaves, and how many of each kind. */
class WaitingCalls {
  readonly slots = new Set<AbortController>()
  readonly counts = { lookup: 0, change: 0, authorization: 0 }
}

function tooMany(message: string): BusError {
  return new BusError(ERROR.limitsExceeded, message)
}

import type { Caller } from '../control/index.ts'
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

/** The right to wait; disposing frees it. `signal` aborts when the client leaves the bus or the bus goes away. */
export interface WaitSlot extends Disposable {
  readonly signal: AbortSignal
}

/** Whoever sent a call. */
export interface Client {
  readonly busName: string
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
  readonly #lookUp: (busName: string) => Promise<Caller>

  /** `lookUp` asks the bus for the credentials of a unique name; a caller it knows nothing of is not remembered. */
  constructor(lookUp: (busName: string) => Promise<Caller>) {
    this.#lookUp = lookUp
  }

  client(busName: string): Client {
    return {
      busName,
      enter: (kind) => this.#enter(busName, kind),
      identify: () => this.#identify(busName),
    }
  }

  /** The client left the bus: whatever it waits for is called off. */
  left(busName: string): void {
    this.#known.delete(busName)
    const reason = new ClientGone(`${busName} left the bus`)
    for (const slot of this.#waiting.get(busName)?.slots ?? []) slot.abort(reason)
  }

  /** The connection is gone, and every client with it. */
  [Symbol.dispose](): void {
    for (const busName of this.#waiting.keys()) this.left(busName)
    this.#known.clear()
  }

  /** Takes a slot of the client and one of all; both are given back once, at disposal. */
  #enter(busName: string, kind: WaitKind): WaitSlot {
    const waiting = this.#waiting.get(busName) ?? new WaitingCalls()
    if (waiting.counts[kind] >= BOUNDS[kind].perClient) throw tooMany('Too many calls of this client are waiting.')
    if (this.#totals[kind] >= BOUNDS[kind].total) throw tooMany('Too many calls are waiting.')
    this.#waiting.set(busName, waiting)
    const slot = new AbortController()
    waiting.slots.add(slot)
    waiting.counts[kind]++
    this.#totals[kind]++
    const leave = () => {
      if (!waiting.slots.delete(slot)) return
      waiting.counts[kind]--
      this.#totals[kind]--
      if (waiting.slots.size === 0) this.#waiting.delete(busName)
    }
    return { signal: slot.signal, [Symbol.dispose]: leave }
  }

  /** One question to the bus for each client; failures and unknown callers are asked about again. */
  #identify(busName: string): Promise<Caller> {
    const known = this.#known.get(busName)
    if (known !== undefined) return known
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    const asked = this.#lookUp(busName)
    this.#known.set(busName, asked)
    const forget = () => this.#known.get(busName) === asked && this.#known.delete(busName)
    asked.then((caller) => caller.uid === undefined && forget(), forget)
    return asked
  }
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

import type { QueryClient } from './client.ts'

/** Queries that may live at once (R-ORDER-5). */
const MAX_QUERIES = 2048

/** Beyond these, for root on bus and varlink: whatever others do, the machine can be looked after. */
const RESERVED = 64

/** Of these, for all clients of the stub together. */
const STUB_SHARE = 0.75
/** Of the stub's, for whoever comes first; the others are shared out. */
const FREE_FOR_ALL = 0.5

/**
 * Shares out the slots for queries under way. A client may hold as many as are still free: one alone gets half of
 * them, two a third each, and there is always room for one more. What is answered from memory needs no slot for long.
 *
 * On the bus and over varlink the kernel says who asks: the programs of one user share what the user may have. On the stub it has to be asked, which is done only for slots
 * that are scarce: those beyond the first half of what the stub has. There the clients of one user share among
 * themselves what the user may have, so that a flood from ever new ports is that user's alone. The stub never has all,
 * whoever floods it: nearly every program can come by libnss_resolve.
 */
export class Admission {
  readonly #max: number
  readonly #held = new Map<string, number>()
  readonly #maxOfStub: number
  #total = 0
  #ofStub = 0

  constructor(max = MAX_QUERIES) {
    this.#max = max
    this.#maxOfStub = Math.floor(max * STUB_SHARE)
  }

  /** A slot, to be given back once; undefined when the client has its share. */
  enter(client: QueryClient | undefined): Disposable | undefined {
    const isOfStub = client?.via === 'udp' || client?.via === 'tcp'
    const free = this.#max - this.#total
    const slots = isOfStub ? Math.min(free, this.#maxOfStub - this.#ofStub) : free
    const mayUseReserve = !isOfStub && client?.identity?.uid === 0 && free > -RESERVED
    if (slots <= 0 && !mayUseReserve) return undefined
    const quotaGroups = isOfStub ? this.#quotaGroups(client) : groupsOf(client)
    if (!this.#hasRoomFor(quotaGroups, slots) && !mayUseReserve) return undefined
    for (const group of quotaGroups) this.#held.set(group, this.#countOf(group) + 1)
    this.#total++
    if (isOfStub) this.#ofStub++
    return new AdmissionSlot(this, quotaGroups, isOfStub)
  }

  /** A slot is free again. */
  leave(quotaGroups: readonly string[], isOfStub: boolean): void {
    if (isOfStub) this.#ofStub--
    this.#total--
    for (const group of quotaGroups) {
      const left = this.#countOf(group) - 1
      if (left === 0) this.#held.delete(group)
      else this.#held.set(group, left)
    }
  }

  /** To whom a slot is charged. */
  #quotaGroups(client: QueryClient): readonly string[] {
    return this.#ofStub < this.#maxOfStub * FREE_FOR_ALL ? NOBODY : (client.quotaGroups?.() ?? UNKNOWN)
  }

  /** Whether each has less than is left for it, and what it has leaves less for those within it. */
  #hasRoomFor(quotaGroups: readonly string[], slots: number): boolean {
    let left = slots
    for (const group of quotaGroups) {
      const held = this.#countOf(group)
      if (held >= left) return false
      left -= held
    }
    return true
  }

  #countOf(group: string): number {
    return this.#held.get(group) ?? 0
  }
}

const NOBODY: readonly string[] = []
const UNKNOWN: readonly string[] = ['?']
const OURSELVES: readonly string[] = ['']

/** A class, as a literal with a computed key costs a call into the engine. */
class AdmissionSlot implements Disposable {
  readonly #admission: Admission
  readonly #quotaGroups: readonly string[]
  readonly #isOfStub: boolean

  constructor(admission: Admission, quotaGroups: readonly string[], isOfStub: boolean) {
    this.#admission = admission
    this.#quotaGroups = quotaGroups
    this.#isOfStub = isOfStub
  }

  [Symbol.dispose](): void {
    this.#admission.leave(this.#quotaGroups, this.#isOfStub)
  }
}

/** The user, where it is known, and the program; what this daemon asks itself is nobody's. */
function groupsOf(client: QueryClient | undefined): readonly string[] {
  if (client === undefined) return OURSELVES
  const { busName, via, identity } = client
  const program = busName ?? `${via} ${identity?.pid ?? ''}`
  return identity?.uid === undefined ? [program] : [`uid ${identity.uid}`, program]
}

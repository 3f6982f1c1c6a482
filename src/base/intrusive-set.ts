/** A member knows where it stands, which is the crowd's business alone. */
export interface IntrusiveMember {
  setIndex: number
}

/** Where a member stands that is in no crowd. */
export const NOT_A_MEMBER = -1

/**
 * A set for what comes and goes by the thousand. V8's own `Set` and `Map` make a new table every so often, and each old
 * one points to the next: once one of them is old enough for the old generation, all that was ever in flight is kept
 * alive until the next full collection, at a cold miss 8 KB of garbage.
 */
export class IntrusiveSet<T extends IntrusiveMember> {
  readonly #members: T[] = []

  get size(): number {
    return this.#members.length
  }

  has(member: T): boolean {
    return this.#members[member.setIndex] === member
  }

  /** It must be in no crowd yet. */
  add(member: T): void {
    member.setIndex = this.#members.length
    this.#members.push(member)
  }

  /** False when it was not there. The last takes its place. */
  delete(member: T): boolean {
    const { setIndex } = member
    if (!this.has(member)) return false
    const last = this.#members.pop() as T
    if (last !== member) {
      this.#members[setIndex] = last
      last.setIndex = setIndex
    }
    member.setIndex = NOT_A_MEMBER
    return true
  }

  /** Those that are in it now, whatever becomes of them meanwhile. */
  [Symbol.iterator](): ArrayIterator<T> {
    return this.#members.slice().values()
  }
}

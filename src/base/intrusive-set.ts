/** What a member has to carry: its index in the set, which only the set may change. */
export interface IntrusiveMember {
  setIndex: number
}

/** The index of an object that is in no set. */
export const NOT_A_MEMBER = -1

/**
 * An unordered set for short-lived objects, thousands a second: an array whose members know their index. V8's `Set` and
 * `Map` replace their table every so often, and each old table refers to the next: once one has reached the old generation
 * of the heap, everything that was in them since stays alive until the next full collection.
 */
export class IntrusiveSet<T extends IntrusiveMember> {
  readonly #members: T[] = []

  get size(): number {
    return this.#members.length
  }

  has(member: T): boolean {
    return this.#members[member.setIndex] === member
  }

  /** It must be in no set yet. */
  add(member: T): void {
    member.setIndex = this.#members.length
    this.#members.push(member)
  }

  /** False when it was not there. The last member takes its index. */
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

  /** Over a copy: members may come and go meanwhile. */
  [Symbol.iterator](): ArrayIterator<T> {
    return this.#members.slice().values()
  }
}

import { TransientMap } from './transient-map.ts'

/**
 * What waits for its turn, of many who share: whose turn it is goes around among the groups that have something waiting,
 * and within a group among the groups in it. Groups are named from the largest to the smallest, such as user, program and
 * socket; within the smallest the oldest comes first.
 *
 * A group may hold as many as are still free: one alone gets half of all places, and there is always room for one more.
 */
export class FairQueue<T> {
  readonly #max: number
  readonly #root = new Group<T>()

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#root.size
  }

  /** To be called where there is room for it. */
  push(item: T, groups: readonly string[]): void {
    this.#root.push(item, groups, 0)
  }

  /** The next one; undefined when nothing waits. */
  shift(): T | undefined {
    return this.#root.shift()
  }

  clear(): void {
    while (this.shift() !== undefined);
  }

  /** False when all places are taken, or these groups have their share. */
  hasRoomFor(groups: readonly string[]): boolean {
    let left = this.#max - this.size
    let group: Group<T> | undefined = this.#root
    for (const name of groups) {
      group = group?.groups.get(name)
      const held = group?.size ?? 0
      if (held >= left) return false
      left -= held
    }
    return left > 0
  }
}

/** Has either items or groups within it, of which none is empty. */
class Group<T> {
  size = 0
  readonly groups = new TransientMap<string, Group<T>>()
  /** Names of `groups`, and items, the next one first. */
  readonly #turns: string[] = []
  readonly #items: T[] = []

  push(item: T, groups: readonly string[], depth: number): void {
    this.size++
    const name = groups[depth]
    if (name === undefined) return void this.#items.push(item)
    let group = this.groups.get(name)
    if (group === undefined) {
      group = new Group()
      this.groups.set(name, group)
      this.#turns.push(name)
    }
    group.push(item, groups, depth + 1)
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined
    this.size--
    const name = this.#turns.shift()
    if (name === undefined) return this.#items.shift()
    const group = this.groups.get(name) as Group<T>
    const item = group.shift()
    if (group.size > 0) this.#turns.push(name)
    else this.groups.delete(name)
    return item
  }
}

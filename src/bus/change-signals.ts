import { Variant } from '../dbus/index.ts'
import type { BusNode } from './object-tree.ts'

/** Sends `PropertiesChanged` of one interface of one object. */
export type SendChanged = (path: string, interfaceName: string, properties: Readonly<Record<string, Variant>>) => void

/** The objects there are, by their paths. */
export type Objects = () => Iterable<readonly [path: string, node: BusNode]>

/** Objects compared in one turn of the event loop: less than a millisecond for each kind of work. */
const READ_AT_ONCE = 25
const PASSED_AT_ONCE = 250

/** What an object was like when it was last compared. */
interface Known {
  readonly basis: readonly unknown[] | undefined
  /** Values as text, by interface and property. */
  readonly texts: ReadonlyMap<string, string>
}

/**
 * Tells every property that is described as telling its changes, of every object, and only what has another value than
 * was last known: events that change nothing are told to nobody. An object that has just appeared is not told: whoever
 * is interested reads it. Nothing is compared between two events. Of thousands of links those that stay as they are are not
 * read, and no more are read at once than others can wait for.
 */
export class ChangeSignals {
  readonly #objects: Objects
  readonly #send: SendChanged
  readonly #onBug: (error: unknown) => void
  #known: ReadonlyMap<string, Known> = new Map()
  #isChecking = false
  #isDue = false

  constructor(objects: Objects, send: SendChanged, onBug: (error: unknown) => void) {
    this.#objects = objects
    this.#send = send
    this.#onBug = onBug
    this.check()
  }

  /** Objects compared last. */
  get size(): number {
    return this.#known.size
  }

  /** Compares all values with those of the last time; changes of one interface go into one signal. Never throws. */
  check(): void {
    this.#isDue = true
    if (this.#isChecking) return
    this.#isChecking = true
    this.#goOn(this.#passes())
  }

  #goOn(passes: Generator<undefined>): void {
    try {
      if (passes.next().done === true) this.#isChecking = false
      else setImmediate(() => this.#goOn(passes))
    } catch (error) {
      this.#isChecking = false
      this.#onBug(error)
    }
  }

  /** Until nothing has happened since the last one began. Yields where others may go on. */
  *#passes(): Generator<undefined> {
    while (this.#isDue) {
      this.#isDue = false
      yield* this.#compare()
    }
  }

  *#compare(): Generator<undefined> {
    const found = new Map<string, Known>()
    let [read, passed] = [0, 0]
    for (const [path, node] of this.#objects()) {
      const before = this.#known.get(path)
      const isSame = before !== undefined && isSameBasis(before.basis, node.basis)
      found.set(path, isSame ? before : this.#look(path, node, before))
      if (isSame ? ++passed % PASSED_AT_ONCE === 0 : ++read % READ_AT_ONCE === 0) yield
    }
    this.#known = found
  }

  /** Reads all properties of an object, and tells those that have another value than before. */
  #look(path: string, { interfaces, basis }: BusNode, before: Known | undefined): Known {
    const texts = new Map<string, string>()
    for (const { name: interfaceName, properties } of interfaces) {
      const changed: [string, Variant][] = []
      for (const { name, type, read } of properties.filter(({ emitsChange }) => emitsChange === 'true')) {
        const value = new Variant(type, read())
        const [key, text] = [`${interfaceName} ${name}`, textOf(value)]
        texts.set(key, text)
        if ((before?.texts.get(key) ?? text) !== text) changed.push([name, value])
      }
      if (changed.length > 0) this.#send(path, interfaceName, Object.fromEntries(changed))
    }
    return { basis, texts }
  }
}

function isSameBasis(before: readonly unknown[] | undefined, basis: readonly unknown[] | undefined): boolean {
  if (before === undefined || basis === undefined || before.length !== basis.length) return false
  return before.every((part, i) => part === basis[i])
}

/** Equal for equal values, which are arrays and bytes. */
function textOf({ value }: Variant): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part))
}

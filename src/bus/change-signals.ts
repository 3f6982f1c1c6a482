import { Variant } from '../dbus/index.ts'
import type { BusNode } from './object-tree.ts'

/** Sends `PropertiesChanged` of one interface of one object. */
export type SendChanged = (path: string, interfaceName: string, properties: Readonly<Record<string, Variant>>) => void

/** The objects there are, by their paths. */
export type Objects = () => Iterable<readonly [path: string, node: BusNode]>

/**
 * Tells every property that is described as telling its changes, of every object, and only what has another value than
 * was last known: events that change nothing are told to nobody. An object that has just appeared is not told: whoever
 * is interested reads it. Nothing is compared between two events.
 */
export class ChangeSignals {
  readonly #objects: Objects
  readonly #send: SendChanged
  /** Values as text, by path, interface and property. */
  #known: ReadonlyMap<string, string>

  constructor(objects: Objects, send: SendChanged) {
    this.#objects = objects
    this.#send = send
    this.#known = new Map(this.#read().map(({ key, text }) => [key, text]))
  }

  /** Compares all values with those of the last time; changes of one interface go into one signal. */
  check(): void {
    const found = this.#read()
    const changed = found.filter(({ key, text }) => (this.#known.get(key) ?? text) !== text)
    this.#known = new Map(found.map(({ key, text }) => [key, text]))
    const signals = new Map<string, Reading[]>()
    for (const each of changed) {
      const signal = `${each.path} ${each.interfaceName}`
      signals.set(signal, [...(signals.get(signal) ?? []), each])
    }
    for (const together of signals.values()) {
      const [{ path, interfaceName }] = together as [Reading, ...Reading[]]
      this.#send(path, interfaceName, Object.fromEntries(together.map(({ name, value }) => [name, value])))
    }
  }

  #read(): Reading[] {
    return [...this.#objects()].flatMap(([path, { interfaces }]) =>
      interfaces.flatMap(({ name: interfaceName, properties }) =>
        properties
          .filter(({ emitsChange }) => emitsChange === 'true')
          .map(({ name, type, read }) => {
            const value = new Variant(type, read())
            return { path, interfaceName, name, value, key: [path, interfaceName, name].join(' '), text: textOf(value) }
          }),
      ),
    )
  }
}

/** A property as it reads now; `text` is what is compared, as values are arrays and bytes. */
interface Reading {
  readonly path: string
  readonly interfaceName: string
  readonly name: string
  readonly value: Variant
  readonly key: string
  readonly text: string
}

/** Equal for equal values. */
function textOf({ value }: Variant): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part))
}

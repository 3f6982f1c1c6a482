import type { Client } from './clients.ts'

/** One method call, its arguments already known to match the method's signature. */
export interface Call {
  readonly client: Client
  /** The caller accepts that somebody is asked for a password. */
  readonly isInteractive: boolean
  /** Strings, numbers, booleans, `bigint` for 64-bit integers, arrays for arrays and structs, `Buffer` for `ay`. */
  readonly args: readonly unknown[]
}

export interface Argument {
  readonly type: string
  readonly name: string
}

export interface Method {
  readonly name: string
  readonly in: readonly Argument[]
  readonly out: readonly Argument[]
  /** Gives the values of `out`. @throws {BusError | ControlError} what the caller is to see */
  readonly run: (call: Call) => readonly unknown[] | Promise<readonly unknown[]>
}

/** What a property's annotation says about change signals. */
export type EmitsChange = 'true' | 'false' | 'const'

export interface Property {
  readonly name: string
  readonly type: string
  readonly emitsChange: EmitsChange
  readonly read: () => unknown
  /** Undefined for a property nobody can set. */
  readonly write?: (call: Call, value: unknown) => Promise<void>
}

export interface BusSignal {
  readonly name: string
  readonly args: readonly Argument[]
}

/** Everything one object offers under one interface name; calls and introspection are both read off it. */
export interface BusInterface {
  readonly name: string
  readonly methods: readonly Method[]
  readonly properties: readonly Property[]
  readonly signals: readonly BusSignal[]
}

/** Reads `i ifindex, s name` as arguments, in their order. */
export function args(text: string): readonly Argument[] {
  if (text === '') return []
  return text.split(', ').map((word) => {
    const [type, name] = word.split(' ') as [string, string]
    return { type, name }
  })
}

/** The types of `list` one after another, as a message's signature has them. */
export function signatureOf(list: readonly Argument[]): string {
  return list.map(({ type }) => type).join('')
}

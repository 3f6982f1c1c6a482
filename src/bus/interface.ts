import type {
  Argument,
  ArgumentsOf,
  EmitsChange,
  InterfaceDescription,
  MethodName,
  PropertyName,
  PropertyOf,
  ReplyOf,
} from '../dbus/index.ts'
import { argumentsOf } from '../dbus/index.ts'
import type { Client } from './clients.ts'

/** Who sent a method call, and how. */
export interface BusCall {
  readonly client: Client
  /** The caller accepts that somebody is asked for a password. */
  readonly isInteractive: boolean
}

export interface BusMethod {
  readonly name: string
  readonly in: readonly Argument[]
  readonly out: readonly Argument[]
  /** Takes and gives values of the types of `in` and `out`. @throws {BusError | ControlError} what the caller is to see */
  readonly run: (args: readonly unknown[], call: BusCall) => readonly unknown[] | Promise<readonly unknown[]>
}

export interface BusSignal {
  readonly name: string
  readonly args: readonly Argument[]
}

export interface BusProperty {
  readonly name: string
  readonly type: string
  readonly emitsChange: EmitsChange
  readonly read: () => unknown
  /** Undefined for a property nobody can set. */
  readonly write: ((value: unknown, call: BusCall) => Promise<void>) | undefined
}

/** Everything one object offers under one interface name; calls and introspection are both read off it. */
export interface BusInterface {
  readonly name: string
  readonly methods: readonly BusMethod[]
  readonly properties: readonly BusProperty[]
  readonly signals: readonly BusSignal[]
}

/** What answers each method of an interface. */
export type MethodHandlers<D extends InterfaceDescription> = {
  readonly [M in MethodName<D>]: (
    args: ArgumentsOf<D, M, Buffer>,
    call: BusCall,
  ) => ReplyOf<D, M, Uint8Array> | Promise<ReplyOf<D, M, Uint8Array>>
}
/** What reads each property of an interface. */
export type PropertyReaders<D extends InterfaceDescription> = {
  readonly [P in PropertyName<D>]: () => PropertyOf<D, P, Uint8Array>
}
/** What changes those properties that can be set. */
export type PropertyWriters<D extends InterfaceDescription> = {
  readonly [P in PropertyName<D>]?: (value: PropertyOf<D, P>, call: BusCall) => Promise<void>
}

/** Joins a description with what implements it. The dispatcher has compared types with the description before it calls. */
export function implement<D extends InterfaceDescription>(
  description: D,
  methods: MethodHandlers<D>,
  readers: PropertyReaders<D>,
  writers: PropertyWriters<D> = {},
): BusInterface {
  const run: Readonly<Record<string, unknown>> = methods
  const read: Readonly<Record<string, unknown>> = readers
  const write: Readonly<Record<string, unknown>> = writers
  return {
    name: description.name,
    signals: Object.entries(description.signals ?? {}).map(([name, types]) => ({ name, args: argumentsOf(types) })),
    methods: Object.entries(description.methods).map(([name, types]) => {
      return { name, in: argumentsOf(types.in), out: argumentsOf(types.out), run: run[name] as BusMethod['run'] }
    }),
    properties: Object.entries(description.properties).map(([name, { type, emitsChange }]) => {
      return {
        name,
        type,
        emitsChange,
        read: read[name] as BusProperty['read'],
        write: write[name] as BusProperty['write'],
      }
    }),
  }
}

import type { Variant } from './variant.ts'

/** The members of one D-Bus interface. Argument lists read `i ifindex, s name`: type and name, separated by commas. */
export interface InterfaceDescription {
  readonly name: string
  readonly methods: Readonly<Record<string, MethodDescription>>
  readonly properties: Readonly<Record<string, PropertyDescription>>
  /** Arguments of each, as those of methods. */
  readonly signals?: Readonly<Record<string, string>>
}

export interface MethodDescription {
  readonly in: string
  readonly out: string
}

export interface PropertyDescription {
  readonly type: string
  /** What `EmitsChangedSignal` says: sent with the new value, never sent, or the value never changes. */
  readonly emitsChange: EmitsChange
}

export type EmitsChange = 'true' | 'false' | 'const'

export interface Argument {
  readonly type: string
  readonly name: string
}

/** The arguments of a list, in their order. */
export function argumentsOf(list: string): readonly Argument[] {
  if (list === '') return []
  return list.split(', ').map((word) => {
    const [type, name] = word.split(' ') as [string, string]
    return { type, name }
  })
}

/** The types of a list one after another, as a message's signature has them. */
export function signatureOf(list: string): string {
  return argumentsOf(list)
    .map(({ type }) => type)
    .join('')
}

export type MethodName<D extends InterfaceDescription> = keyof D['methods'] & string
export type PropertyName<D extends InterfaceDescription> = keyof D['properties'] & string

/** What a call of this method carries. Bytes may be any `Uint8Array` where they are written. */
export type ArgumentsOf<D extends InterfaceDescription, M extends MethodName<D>, Bytes = Uint8Array> = Values<
  SignatureOf<D['methods'][M]['in']>,
  Bytes
>
/** What the method answers. Bytes are a `Buffer` where they are read. */
export type ReplyOf<D extends InterfaceDescription, M extends MethodName<D>, Bytes = Buffer> = Values<
  SignatureOf<D['methods'][M]['out']>,
  Bytes
>
/** The value of a property. */
export type PropertyOf<D extends InterfaceDescription, P extends PropertyName<D>, Bytes = Buffer> = First<
  Values<D['properties'][P]['type'], Bytes>
>

/** `i ifindex, s name` → `is`. */
type SignatureOf<List extends string> = string extends List
  ? string
  : List extends `${infer Type} ${string}, ${infer Rest}`
    ? `${Type}${SignatureOf<Rest>}`
    : List extends `${infer Type} ${string}`
      ? Type
      : ''

/** The TypeScript values behind a signature: structs and arrays are arrays, 64-bit integers `bigint`, dictionaries objects. */
export type Values<Signature extends string, Bytes> = string extends Signature
  ? readonly unknown[]
  : Signature extends ''
    ? readonly []
    : Complete<Signature, Bytes> extends [infer Value, infer Rest extends string]
      ? readonly [Value, ...Values<Rest, Bytes>]
      : never

/** The value of the first complete type of a signature, and what follows that type. */
type Complete<Signature extends string, Bytes> = Signature extends `ay${infer Rest}`
  ? [Bytes, Rest]
  : Signature extends `a{${infer Key}${infer Entry}`
    ? Key extends 's' | 'o'
      ? Complete<Entry, Bytes> extends [infer Value, `}${infer Rest}`]
        ? [Readonly<Record<string, Value>>, Rest]
        : never
      : never
    : Signature extends `a${infer Element}`
      ? Complete<Element, Bytes> extends [infer Value, infer Rest]
        ? [readonly Value[], Rest]
        : never
      : Signature extends `(${infer Members}`
        ? Struct<Members, Bytes>
        : Signature extends `${infer Letter}${infer Rest}`
          ? Letter extends keyof Basic
            ? [Basic[Letter], Rest]
            : never
          : never

type Struct<
  Members extends string,
  Bytes,
  Found extends readonly unknown[] = readonly [],
> = Members extends `)${infer Rest}`
  ? [Found, Rest]
  : Complete<Members, Bytes> extends [infer Value, infer Rest extends string]
    ? Struct<Rest, Bytes, readonly [...Found, Value]>
    : never

type First<List> = List extends readonly [infer Value, ...(readonly unknown[])] ? Value : never

/** The types of our interfaces; others are not needed here. */
interface Basic {
  readonly y: number
  readonly b: boolean
  readonly q: number
  readonly i: number
  readonly u: number
  readonly t: bigint
  readonly s: string
  readonly o: string
  readonly g: string
  readonly v: Variant
}

import type { JsonObject } from './message.ts'
import { isObject } from './message.ts'

/** A type of the varlink IDL: how it is written, and which JSON values belong to it. */
export interface Type<T> {
  readonly text: string
  /** True when the value may be left out. */
  readonly isOptional: boolean
  /** `isOpen`: members that are not described are allowed, at any depth. */
  accepts(value: unknown, isOpen?: boolean): value is T
}

/** Members of a struct, of a method's parameters or of its reply, in the order they are described. */
export type Fields = Readonly<Record<string, Type<unknown>>>

/** The object that `Fields` describe; what is optional is `undefined` when absent. */
export type ValueOf<F extends Fields> = { readonly [K in keyof F]: F[K] extends Type<infer T> ? T : never }

export interface Struct<F extends Fields> extends Type<ValueOf<F>> {
  readonly name: string
  readonly fields: F
}

export interface Method<I extends Fields, O extends Fields> {
  readonly input: I
  readonly output: O
  /** Refused without `more` (V-9). */
  readonly requiresMore: boolean
  readonly comment: string
}
/** Methods by their names, in the order they are described. */
export type Methods = Readonly<Record<string, Method<Fields, Fields>>>

/** One interface: the source of both its description and the checks of its calls (V-8, V-14). */
export interface Interface<M extends Methods> {
  readonly name: string
  readonly comment: string
  readonly types: readonly Struct<Fields>[]
  readonly methods: M
  readonly errors: Readonly<Record<string, Fields>>
}

/** `ValueOf` as it arrives from a peer: members may be absent where they are optional, at any depth. */
export type Received<T> = T extends JsonObject | readonly unknown[]
  ? T extends readonly (infer Item)[]
    ? readonly Received<Item>[]
    : { readonly [K in keyof T as undefined extends T[K] ? never : K]: Received<T[K]> } & {
        readonly [K in keyof T as undefined extends T[K] ? K : never]?: Received<T[K]> | undefined
      }
  : T

/** What a method answers, and what it takes, as the caller of it sees that. */
export type Reply<I extends Interface<Methods>, M extends keyof I['methods']> = Received<
  ValueOf<I['methods'][M]['output']>
>
export type Parameters<I extends Interface<Methods>, M extends keyof I['methods']> = Received<
  ValueOf<I['methods'][M]['input']>
>

/** A type that is decided by the value alone. */
function scalar<T>(text: string, accepts: (value: unknown, isOpen?: boolean) => boolean): Type<T> {
  return { text, isOptional: false, accepts: accepts as Type<T>['accepts'] }
}

/** `true` or `false`. */
export const bool = scalar<boolean>('bool', (value) => typeof value === 'boolean')
/** Beyond 2^53 JSON numbers lose digits here; nothing in use is that large. */
export const int = scalar<number>('int', Number.isSafeInteger)
/** Valid Unicode without NUL, which no C string could carry. */
export const string = scalar<string>(
  'string',
  (value) => typeof value === 'string' && value.isWellFormed() && !value.includes('\0'),
)
/** Any object: for members whose shape depends on others. */
export const object = scalar<JsonObject>('object', isObject)

/** Any number of values of one type; in the IDL `[]TYPE`. */
export function list<T>(of: Type<T>): Type<readonly T[]> {
  return scalar(
    `[]${of.text}`,
    (value, isOpen) => Array.isArray(value) && value.every((item) => of.accepts(item, isOpen)),
  )
}

/** May be absent; null says the same (V-7). */
export function optional<T>(of: Type<T>): Type<T | undefined> {
  const accepts = (value: unknown, isOpen?: boolean): value is T | undefined =>
    value === undefined || value === null || of.accepts(value, isOpen)
  return { text: `?${of.text}`, isOptional: true, accepts }
}

/** A named type; an interface that uses it must list it in its `types`. */
export function struct<F extends Fields>(name: string, fields: F): Struct<F> {
  const accepts = (value: unknown, isOpen?: boolean): value is ValueOf<F> =>
    isObject(value) && firstMisfit(fields, value, isOpen) === undefined
  return { name, text: name, isOptional: false, fields, accepts }
}

/** A method that answers once. */
export function method<I extends Fields, O extends Fields>(comment: string, input: I, output: O): Method<I, O> {
  return { comment, input, output, requiresMore: false }
}

/** A method that answers again and again, until the client leaves. */
export function stream<I extends Fields, O extends Fields>(comment: string, input: I, output: O): Method<I, O> {
  return { comment, input, output, requiresMore: true }
}

/**
 * The first member that is missing, of the wrong type or not described; undefined when all is well (V-8). `isOpen`: more
 * members than described are fine, as in the replies of newer peers.
 */
export function firstMisfit(fields: Fields, value: JsonObject, isOpen = false): string | undefined {
  const wrong = Object.entries(fields).find(([name, type]) => {
    return Object.hasOwn(value, name) ? !type.accepts(value[name], isOpen) : !type.isOptional
  })
  if (wrong !== undefined || isOpen) return wrong?.[0]
  return Object.keys(value).find((name) => !Object.hasOwn(fields, name))
}

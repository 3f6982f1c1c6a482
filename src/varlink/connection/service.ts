import { constants } from 'node:os'
import type { Log } from '../../base/index.ts'
import type { Caller } from '../../control/index.ts'
import { ControlError } from '../../control/index.ts'
import type { TextReplyOrigin, TextMemo } from '../../fastpath/index.ts'
import { errorOfControl, expectedMore, invalidParameter, methodNotFound, systemError, VarlinkError } from '../errors.ts'
import {
  type Call,
  encodeError,
  encodeReply,
  type Fields,
  firstMisfit,
  type Interface,
  type JsonObject,
  MAX_MESSAGE,
  type Method,
  type Methods,
  type ValueOf,
} from '../../varlink-idl/index.ts'
import type { PeerProcess } from '../ports.ts'

/** What a handler knows of the call besides its parameters. */
export interface CallContext<O> {
  readonly peer: PeerProcess | undefined
  readonly oneway: boolean
  /** Aborts when the client is gone (V-13) or the server closes. */
  readonly signal: AbortSignal
  /** Sends one of several replies (V-4); for methods that require `more`. */
  send(reply: O): void
  /** The reply to come may be repeated to the same words of anybody, while what it depends on is current. */
  mayRepeat(origin: TextReplyOrigin): void
}

export type Handler<M> =
  M extends Method<infer I, infer O>
    ? (parameters: ValueOf<I>, context: CallContext<ValueOf<O>>) => ValueOf<O> | Promise<ValueOf<O>>
    : never
/** A method without a handler is described, but not found (V-15). */
export type Handlers<M extends Methods> = { readonly [K in keyof M]?: Handler<M[K]> }

type AnyHandler = (parameters: JsonObject, context: CallContext<JsonObject>) => JsonObject | Promise<JsonObject>

/** An interface with what answers its calls. */
export interface Served {
  readonly description: Interface<Methods>
  readonly handlers: Readonly<Record<string, AnyHandler | undefined>>
}

export function serve<M extends Methods>(description: Interface<M>, handlers: Handlers<M>): Served {
  return { description, handlers }
}

/** Where a call comes from and where its replies go. */
export interface CallOrigin {
  readonly peer: PeerProcess | undefined
  readonly signal: AbortSignal
  send(message: Buffer): void
}

/** The other end of a connection, as the permission table knows callers. */
export function callerOf(peer: PeerProcess | undefined): Caller {
  const groups = peer?.groups === undefined ? undefined : () => peer.groups?.() ?? []
  return { busName: undefined, uid: peer?.uid, pid: peer?.pid, process: undefined, groups }
}

/** Finds, checks and runs methods, and turns what they return or throw into messages. */
export class Service {
  readonly #methods: ReadonlyMap<string, { method: Method<Fields, Fields>; handler: AnyHandler }>
  readonly #log: Log
  readonly #memo: TextMemo | undefined

  constructor(interfaces: readonly Served[], log: Log, memo?: TextMemo) {
    this.#methods = new Map(interfaces.flatMap(methodsOf))
    this.#log = log
    this.#memo = memo
  }

  /** A reply given before to these very words, which still holds; undefined when it must be worked out. */
  replay(message: Buffer): Buffer | undefined {
    return this.#memo?.replay(message)
  }

  /** Resolves when the call is done and all its replies are with `client`; never rejects. */
  async answer(call: Call, client: CallOrigin): Promise<void> {
    const snapshot = this.#memo?.snapshot ?? []
    let origin: TextReplyOrigin | undefined
    const reply = await this.#replyTo(call, client, (found) => {
      origin = found
    })
    if (reply === undefined || call.oneway || client.signal.aborted) return
    if (origin !== undefined) this.#memo?.remember(call.words, reply, origin, snapshot)
    client.send(reply)
  }

  async #replyTo(
    call: Call,
    client: CallOrigin,
    mayRepeat: (origin: TextReplyOrigin) => void,
  ): Promise<Buffer | undefined> {
    try {
      const reply = encodeReply(await this.#run(call, client, mayRepeat), false)
      return reply.length <= MAX_MESSAGE ? reply : errorMessage(systemError(constants.errno.EMSGSIZE))
    } catch (error) {
      // Whatever a handler throws after its signal fired has nobody left to read it.
      return client.signal.aborted ? undefined : errorMessage(this.#translate(error))
    }
  }

  /** In this order: does it exist, is it called rightly, do the parameters fit (V-8…V-10). */
  async #run(call: Call, client: CallOrigin, mayRepeat: (origin: TextReplyOrigin) => void): Promise<JsonObject> {
    const found = this.#methods.get(call.method)
    // Nothing here can be upgraded to another protocol.
    if (found === undefined || call.upgrade) throw methodNotFound(call.method)
    if (found.method.requiresMore && !call.more) throw expectedMore()
    const misfit = firstMisfit(found.method.input, call.parameters)
    if (misfit !== undefined) throw invalidParameter(misfit)
    const { peer, signal } = client
    const send = (reply: JsonObject) => client.send(encodeReply(reply, true))
    return found.handler(call.parameters, { peer, signal, oneway: call.oneway, send, mayRepeat })
  }

  #translate(error: unknown): VarlinkError {
    if (error instanceof VarlinkError) return error
    if (error instanceof ControlError) return errorOfControl(error)
    this.#log.bug(error)
    return systemError(constants.errno.EIO)
  }
}

function errorMessage({ error, parameters }: VarlinkError): Buffer {
  return encodeError(error, parameters)
}

function methodsOf({
  description,
  handlers,
}: Served): [string, { method: Method<Fields, Fields>; handler: AnyHandler }][] {
  return Object.entries(description.methods).flatMap(([name, method]) => {
    const handler = handlers[name]
    return handler === undefined ? [] : [[`${description.name}.${name}`, { method, handler }]]
  })
}

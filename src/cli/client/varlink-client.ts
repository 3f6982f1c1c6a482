import { join } from 'node:path'
import {
  encodeCall,
  firstMisfit,
  type Interface,
  type JsonObject,
  type Methods,
  MONITOR_SOCKET,
  type Parameters,
  parseReply,
  ProtocolError,
  type Reply,
  type ReplyMessage,
  RESOLVE_SOCKET,
} from '../../varlink-idl/index.ts'
import type { Libc } from '../../sys/index.ts'
import { CliError } from '../command/cli-error.ts'
import { errnoText } from './errno-text.ts'
import type { VarlinkConnection } from './varlink-connection.ts'
import { exchange } from './varlink-exchange.ts'

/** An error reply over varlink. */
export class VarlinkCallError extends CliError {
  /** Such as `org.varlink.service.MethodNotFound`. */
  readonly errorName: string
  readonly parameters: JsonObject

  constructor(errorName: string, method: string, parameters: JsonObject = {}) {
    super(messageOf(errorName, method))
    this.name = 'VarlinkCallError'
    this.errorName = errorName
    this.parameters = parameters
  }
}

/** The resolver is there but gave no reply in time. */
export class VarlinkTimeout extends CliError {}

function messageOf(errorName: string, method: string): string {
  if (UNKNOWN.has(errorName)) return `The running resolver does not offer ${method}.`
  return DENIED.has(errorName) ? `${method}: access denied; root may do this.` : `${method}: ${errorName}`
}

const UNKNOWN: ReadonlySet<string> = new Set([
  'org.varlink.service.MethodNotFound',
  'org.varlink.service.InterfaceNotFound',
])

const DENIED: ReadonlySet<string> = new Set([
  'org.varlink.service.PermissionDenied',
  'io.systemd.InteractiveAuthenticationRequired',
])

/** As long as any lookup may take (C-5). */
const PATIENCE_MS = 120_000

/** Where the daemon's sockets usually are. */
export const RUNTIME_DIRECTORY = '/run/systemd/resolve'

/** The resolver's varlink sockets in one runtime directory; each call is a connection of its own. */
export class VarlinkClient {
  readonly directory: string
  readonly #libc: Libc | undefined

  constructor(directory: string, libc?: Libc) {
    this.directory = directory
    this.#libc = libc
  }

  /** The socket that serves an interface: only the monitor has one of its own. */
  socketPath({ name }: Pick<Interface<Methods>, 'name'>): string {
    return join(this.directory, name === MONITOR_SOCKET ? name : RESOLVE_SOCKET)
  }

  /**
   * One call and its reply within `patience` (milliseconds), which is checked against the description.
   * @throws {VarlinkCallError} for an error reply, {CliError} when the socket is not there or the reply does not fit
   */
  async call<I extends Interface<Methods>, M extends keyof I['methods'] & string>(
    description: I,
    method: M,
    parameters: Parameters<I, M>,
    patience = PATIENCE_MS,
  ): Promise<Reply<I, M>> {
    using connection = await this.#begin(description, method, parameters)
    const giveUp = () => connection.end(tooLate(`${description.name}.${method}`))
    const timer = setTimeout(giveUp, patience)
    try {
      const reply = await this.#receive(connection, description, method)
      if (reply !== undefined) return reply.values
    } finally {
      clearTimeout(timer)
    }
    throw closedBefore(this.socketPath(description))
  }

  /**
   * As `call`, for one that the whole program waits for: where the C library can be called nothing else goes on meanwhile, which
   * takes a fifth of a short run less.
   */
  async callAlone<I extends Interface<Methods>, M extends keyof I['methods'] & string>(
    description: I,
    method: M,
    parameters: Parameters<I, M>,
  ): Promise<Reply<I, M>> {
    if (this.#libc === undefined) return this.call(description, method, parameters)
    const path = this.socketPath(description)
    const name = `${description.name}.${method}`
    const reply = parsedReply(this.#libc, path, encodeCall(name, parameters as JsonObject, false), name)
    if (reply === undefined) throw closedBefore(path)
    return checkedReply(description, method, reply)
  }

  /** Replies of a call that goes on (`more`), until the daemon disconnects or the signal aborts. @throws as `call` */
  async *stream<I extends Interface<Methods>, M extends keyof I['methods'] & string>(
    description: I,
    method: M,
    parameters: Parameters<I, M>,
    signal?: AbortSignal,
  ): AsyncGenerator<Reply<I, M>> {
    using connection = await this.#begin(description, method, parameters, true)
    if (signal?.aborted) return
    signal?.addEventListener('abort', () => connection.end(), { once: true })
    for (let goesOn = true; goesOn; ) {
      const reply = await this.#receive(connection, description, method)
      if (reply !== undefined) yield reply.values
      goesOn = reply?.continues === true
    }
  }

  /** What a call alone does without is loaded here. */
  async #begin(
    description: Interface<Methods>,
    method: string,
    parameters: object,
    more = false,
  ): Promise<VarlinkConnection> {
    const { VarlinkConnection } = await import('./varlink-connection.ts')
    const call = encodeCall(`${description.name}.${method}`, parameters as JsonObject, more)
    return new VarlinkConnection(this.socketPath(description), call)
  }

  /** The next reply, undefined when the daemon has disconnected. @throws as `call` */
  async #receive<I extends Interface<Methods>, M extends keyof I['methods'] & string>(
    connection: VarlinkConnection,
    description: I,
    method: M,
  ): Promise<{ values: Reply<I, M>; continues: boolean } | undefined> {
    const reply = await this.#message(connection, description)
    return reply && { values: checkedReply(description, method, reply), continues: reply.continues }
  }

  /** @throws {CliError} for whatever is wrong with the connection */
  async #message(connection: VarlinkConnection, description: Interface<Methods>): Promise<ReplyMessage | undefined> {
    try {
      const message = await connection.receive()
      return message && parseReply(message)
    } catch (cause) {
      if (cause instanceof CliError) throw cause
      throw connectionError(cause, this.socketPath(description))
    }
  }
}

/** True for "nobody there" and "too old to know this": reasons to ask another way. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof VarlinkCallError) return UNKNOWN.has(error.errorName)
  return error instanceof CliError && (error.cause as NodeJS.ErrnoException | undefined)?.syscall === 'connect'
}

/** The socket is there, but not for this user. */
export function isForbidden(error: unknown): boolean {
  const { code, syscall } = ((error as CliError).cause ?? {}) as NodeJS.ErrnoException
  return syscall === 'connect' && code === 'EACCES'
}

/** @throws {CliError} for whatever is wrong with the connection */
function parsedReply(libc: Libc, path: string, call: Buffer, name: string): ReplyMessage | undefined {
  try {
    const message = exchange(libc, path, call, PATIENCE_MS)
    return message && parseReply(message)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EAGAIN') throw tooLate(name)
    throw connectionError(cause, path)
  }
}

function tooLate(name: string): VarlinkTimeout {
  return new VarlinkTimeout(`${name}: no reply in time.`)
}

function closedBefore(path: string): CliError {
  return new CliError(`The resolver closed ${path} before its reply.`)
}

/** @throws {VarlinkCallError} for an error reply, {CliError} for one that does not fit */
function checkedReply<I extends Interface<Methods>, M extends keyof I['methods'] & string>(
  description: I,
  method: M,
  { error, parameters }: ReplyMessage,
): Reply<I, M> {
  if (error !== undefined) throw new VarlinkCallError(error, `${description.name}.${method}`, parameters)
  return checked(description, method, parameters)
}

/** @throws {CliError} */
function checked<I extends Interface<Methods>, M extends keyof I['methods'] & string>(
  description: I,
  method: M,
  parameters: JsonObject,
): Reply<I, M> {
  const output = description.methods[method]?.output ?? {}
  const misfit = firstMisfit(output, parameters, true)
  if (misfit === undefined) return parameters as Reply<I, M>
  const member = `${description.name}.${method}: member '${misfit}'`
  throw new CliError(`The resolver's answer does not fit its interface: ${member} is missing or of another type.`)
}

function connectionError(cause: unknown, path: string): CliError {
  if (cause instanceof ProtocolError) {
    return new CliError(`Received a varlink message that cannot be read: ${cause.message}`, { cause })
  }
  const isConnected = (cause as NodeJS.ErrnoException).syscall !== 'connect'
  const what = isConnected ? 'Lost the connection to the resolver' : `Failed to connect to ${path}`
  return new CliError(`${what}: ${errnoText(cause)}`, { cause })
}

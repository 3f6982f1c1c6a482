import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import {
  encodeCall,
  firstMisfit,
  type Interface,
  type JsonObject,
  MAX_MESSAGE,
  MessageReader,
  type Methods,
  MONITOR_INTERFACE,
  type Parameters,
  parseReply,
  ProtocolError,
  type Reply,
  RESOLVE_INTERFACE,
} from '../../varlink-idl/index.ts'
import { CliError } from '../command/cli-error.ts'
import { errnoText } from './errno-text.ts'

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

  constructor(directory: string) {
    this.directory = directory
  }

  /** The socket that serves an interface: only the monitor has one of its own. */
  socketPath({ name }: Pick<Interface<Methods>, 'name'>): string {
    return join(this.directory, name === MONITOR_INTERFACE.name ? name : RESOLVE_INTERFACE.name)
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
    const signal = AbortSignal.timeout(patience)
    for await (const reply of this.#exchange(description, method, parameters, false, signal)) return reply
    throw new CliError(`The resolver closed ${this.socketPath(description)} before its reply.`)
  }

  /** Replies of a call that goes on (`more`), until the daemon disconnects or the signal aborts. @throws as `call` */
  stream<I extends Interface<Methods>, M extends keyof I['methods'] & string>(
    description: I,
    method: M,
    parameters: Parameters<I, M>,
    signal?: AbortSignal,
  ): AsyncGenerator<Reply<I, M>> {
    return this.#exchange(description, method, parameters, true, signal)
  }

  /** Ends without a word when the signal aborts, unless because of time. */
  async *#exchange<I extends Interface<Methods>, M extends keyof I['methods'] & string>(
    description: I,
    method: M,
    parameters: Parameters<I, M>,
    more: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Reply<I, M>> {
    const name = `${description.name}.${method}`
    const socket = await open(this.socketPath(description), signal)
    try {
      socket.write(encodeCall(name, parameters as JsonObject, more))
      for await (const message of messagesOf(socket)) {
        const reply = parseReply(message)
        if (reply.error !== undefined) throw new VarlinkCallError(reply.error, name, reply.parameters)
        yield checked(description, method, reply.parameters)
        if (!reply.continues) return
      }
    } catch (cause) {
      if (cause instanceof CliError) throw cause
      if (signal?.aborted !== true) throw brokenConnection(cause)
      if (isTimeout(signal.reason)) throw new VarlinkTimeout(`${name}: no reply in time.`, { cause })
    } finally {
      socket.destroy()
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

/** Whole messages of a stream, wherever the chunks are cut (V-1, V-2). @throws {ProtocolError} */
async function* messagesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const reader = new MessageReader(MAX_MESSAGE)
  for await (const chunk of chunks) yield* reader.push(chunk)
}

function brokenConnection(cause: unknown): CliError {
  const isOurs = cause instanceof ProtocolError
  const what = isOurs ? 'Received a varlink message that cannot be read' : 'Lost the connection to the resolver'
  return new CliError(`${what}: ${isOurs ? cause.message : errnoText(cause)}`, { cause })
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}

function open(path: string, signal: AbortSignal | undefined): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path, ...(signal && { signal }) }, () => {
      socket.off('error', onError)
      resolve(socket)
    })
    const onError = (cause: Error) => {
      reject(new CliError(`Failed to connect to ${path}: ${errnoText(cause)}`, { cause }))
    }
    socket.on('error', onError)
  })
}

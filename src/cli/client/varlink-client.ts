import { connect, type Socket } from 'node:net'
import { reasonOf } from '../../base/index.ts'
import { CliError } from '../command/cli-error.ts'
import { errnoText } from './errno-text.ts'

/** An error reply over varlink. */
export class VarlinkError extends CliError {
  /** Such as `org.varlink.service.MethodNotFound`. */
  readonly errorName: string
  readonly parameters: VarlinkParameters

  constructor(errorName: string, method: string, parameters: VarlinkParameters = {}) {
    super(messageOf(errorName, method))
    this.name = 'VarlinkError'
    this.errorName = errorName
    this.parameters = parameters
  }
}

function messageOf(errorName: string, method: string): string {
  if (UNKNOWN.has(errorName)) return `The running resolver does not offer ${method}.`
  return DENIED.has(errorName) ? `${method}: access denied; root may do this.` : `${method}: ${errorName}`
}

export type VarlinkParameters = Readonly<Record<string, unknown>>

const RESOLVE = 'io.systemd.Resolve'
const RUNTIME_DIRECTORY = '/run/systemd/resolve'
const PROCESS = 'io.systemd.service'
const MONITOR = 'io.systemd.Resolve.Monitor'
const EXPLAIN = 'io.tsresolved.Explain'
const OBSERVE = 'io.tsresolved.Observe'
const SETTINGS = 'io.tsresolved.Settings'
/** As long as any lookup may take (C-5). */
const PATIENCE_MS = 120_000
/** The most one message may take (V-2). */
const MAX_MESSAGE = 16 * 1024 * 1024

/** One call to our own interface, which other resolvers do not have. */
export function callExplain(method: string, parameters: VarlinkParameters): Promise<VarlinkParameters> {
  return callOnce(EXPLAIN, method, parameters)
}

/** As `callExplain`, to the interface that shows the resolver at work. */
export function callObserve(method: string, parameters: VarlinkParameters = {}): Promise<VarlinkParameters> {
  return callOnce(OBSERVE, method, parameters)
}

/** As `callExplain`, to the interface that tells who configured links. */
export function callSettings(method: string, parameters: VarlinkParameters = {}): Promise<VarlinkParameters> {
  return callOnce(SETTINGS, method, parameters)
}

/** As `streamMonitor`, of our own interface; ends without a word when the signal aborts. */
export function streamObserve(
  method: string,
  parameters: VarlinkParameters,
  signal?: AbortSignal,
): AsyncGenerator<VarlinkParameters> {
  return callVarlink(OBSERVE, method, parameters, true, signal)
}

/** One call to the monitor interface. @throws {CliError} when the socket is not there, {VarlinkError} for an error reply. */
export function callMonitor(method: string): Promise<VarlinkParameters> {
  return callOnce(MONITOR, method)
}

/** As `callMonitor`, to the interface that everybody may use. */
export function callResolve(method: string, parameters: VarlinkParameters = {}): Promise<VarlinkParameters> {
  return callOnce(RESOLVE, method, parameters)
}

/** As `callResolve`, to what any service of systemd's kind offers (V-15). */
export function callProcess(method: string, parameters: VarlinkParameters): Promise<VarlinkParameters> {
  return callOnce(PROCESS, method, parameters)
}

/** Replies of a call that goes on (`more`), until the daemon disconnects. */
export function streamMonitor(method: string): AsyncGenerator<VarlinkParameters> {
  return callVarlink(MONITOR, method, {}, true, undefined)
}

/** True for "nobody there" and "too old to know this": reasons to ask another way. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof VarlinkError) return UNKNOWN.has(error.errorName)
  return error instanceof CliError && (error.cause as NodeJS.ErrnoException | undefined)?.syscall === 'connect'
}

const UNKNOWN: ReadonlySet<string> = new Set([
  'org.varlink.service.MethodNotFound',
  'org.varlink.service.InterfaceNotFound',
])

const DENIED: ReadonlySet<string> = new Set([
  'org.varlink.service.PermissionDenied',
  'io.systemd.InteractiveAuthenticationRequired',
])

/** Whole messages of a stream of NUL-ended ones, wherever the chunks are cut (V-1, V-2). @throws {CliError} */
export async function* splitMessages(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let held: Buffer[] = []
  let size = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(0); end >= 0; end = chunk.indexOf(0, start)) {
      yield Buffer.concat([...held, chunk.subarray(start, end)]).toString('utf8')
      held = []
      size = 0
      start = end + 1
    }
    held.push(chunk.subarray(start))
    size += chunk.length - start
    if (size > MAX_MESSAGE) throw new CliError('Received a varlink message that is too long.')
  }
}

async function callOnce(iface: string, method: string, asked: VarlinkParameters = {}): Promise<VarlinkParameters> {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  for await (const parameters of callVarlink(iface, method, asked, false, signal)) return parameters
  throw new CliError(`The resolver closed ${socketPath(iface)} before its reply.`)
}

/** Ends without a word when the signal aborts, unless because of time. @throws {CliError} whatever goes wrong */
async function* callVarlink(
  iface: string,
  method: string,
  parameters: VarlinkParameters,
  more: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<VarlinkParameters> {
  const socket = await open(socketPath(iface), signal)
  try {
    socket.write(`${JSON.stringify({ method: `${iface}.${method}`, parameters, ...(more && { more }) })}\0`)
    for await (const text of splitMessages(socket)) {
      const reply = parseReply(text)
      if (reply.error !== undefined) throw new VarlinkError(reply.error, `${iface}.${method}`, reply.parameters)
      yield reply.parameters ?? {}
      if (reply.continues !== true) return
    }
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    if (signal?.aborted !== true)
      throw new CliError(`Lost the connection to the resolver: ${reasonOf(cause)}`, { cause })
    if (isTimeout(signal.reason)) throw new CliError(`${iface}.${method}: no reply in time.`, { cause })
  } finally {
    socket.destroy()
  }
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}

interface Reply {
  readonly parameters?: VarlinkParameters
  readonly error?: string
  readonly continues?: boolean
}

function parseReply(text: string): Reply {
  try {
    return JSON.parse(text) as Reply
  } catch (cause) {
    throw new CliError('Received a varlink message that is not JSON.', { cause })
  }
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

/** Only the monitor has a socket of its own. */
function socketPath(iface: string): string {
  return `${RUNTIME_DIRECTORY}/${iface === MONITOR ? MONITOR : RESOLVE}`
}

/**
 * Folder `client/`: how the daemon is reached, over the bus or over varlink, with calls and replies typed and checked
 * by the descriptions that the daemon serves by; and the links of this machine. Errors come out as `CliError` with the
 * text that people read. Nothing here prints or knows verbs.
 */
import {
  ALLOW_INTERACTIVE_AUTHORIZATION,
  type ArgumentsOf,
  BusConnection,
  CODEC,
  InconsistentReply,
  type InterfaceDescription,
  MANAGER_PATH,
  type MethodName,
  type PropertiesOf,
  PROPERTIES,
  readProperties,
  RemoteError,
  type ReplyOf,
  RESOLVE1,
  type Target,
} from '../../dbus/index.ts'
import { CliError } from '../command/cli-error.ts'
import { BusCallError } from './bus-errors.ts'
import { errnoText } from './errno-text.ts'

/** The object that answers for the whole resolver. */
export const RESOLVER = { destination: RESOLVE1, path: MANAGER_PATH } as const satisfies Target

/** How long any call may take (C-5). */
const PATIENCE_MS = 120_000

/** A message bus, as far as a client needs it. */
export class BusClient implements Disposable {
  readonly #connection: BusConnection

  private constructor(connection: BusConnection) {
    this.#connection = connection
  }

  /** Over the bus's socket `path`. @throws {BusLost} */
  static async connect(path: string): Promise<BusClient> {
    // As who we are: the bus compares that with what the kernel says. Calls and signals of others are not for a client.
    const receiver = { onCall: () => undefined, onSignal: () => undefined, maxBody: MAX_REPLY }
    const signal = AbortSignal.timeout(PATIENCE_MS)
    return new BusClient(await BusConnection.open(path, process.getuid?.() ?? 0, CODEC, receiver, signal))
  }

  /**
   * Calls a method of the resolver or of `target`, and waits for its values. `interactive`: the caller may be asked for
   * a password (C-SET-10). @throws {BusCallError}, {CliError} when the answer does not fit its description
   */
  async call<D extends InterfaceDescription, M extends MethodName<D>>(
    description: D,
    member: M,
    body: ArgumentsOf<D, M>,
    { target = RESOLVER, interactive = false }: BusCallOptions = {},
  ): Promise<ReplyOf<D, M>> {
    const limit = new AbortController()
    const timer = setTimeout(() => limit.abort(new BusCallError(TIMED_OUT, 'Connection timed out')), PATIENCE_MS)
    const flags = interactive ? ALLOW_INTERACTIVE_AUTHORIZATION : 0
    try {
      return await this.#connection.invoke(target, description, member, body, { flags, signal: limit.signal })
    } catch (cause) {
      throw asCliError(cause)
    } finally {
      clearTimeout(timer)
    }
  }

  /** All properties of one interface of an object, as far as described. @throws as `call` */
  async properties<D extends InterfaceDescription>(
    description: D,
    target: Target = RESOLVER,
  ): Promise<PropertiesOf<D>> {
    const [values] = await this.call(PROPERTIES, 'GetAll', [description.name], { target })
    try {
      return readProperties(description, values)
    } catch (cause) {
      throw asCliError(cause)
    }
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]()
  }
}

export interface BusCallOptions {
  readonly target?: Target
  readonly interactive?: boolean
}

/** What D-Bus allows for any message. */
const MAX_REPLY = 1 << 27
const TIMED_OUT = 'org.freedesktop.DBus.Error.Timeout'

function asCliError(cause: unknown): Error {
  if (cause instanceof CliError) return cause
  if (cause instanceof RemoteError) return new BusCallError(cause.errorName, cause.message, { cause })
  if (cause instanceof InconsistentReply) {
    return new CliError(`The resolver's answer does not fit its interface: ${cause.message}.`, { cause })
  }
  return new CliError(`Lost the connection to the system bus: ${errnoText(cause)}`, { cause })
}

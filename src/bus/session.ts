import { type Log, reasonOf } from '../base/index.ts'
import type { Caller } from '../control/index.ts'
import { CallQueue } from './call-queue.ts'
import { ClientGone, Clients } from './clients.ts'
import {
  BUS,
  BusConnection,
  BusLost,
  type Codec,
  ERROR_REPLY,
  type IncomingMessage,
  METHOD_RETURN,
  NO_REPLY_EXPECTED,
  PROPERTIES,
  RemoteError,
  RESOLVE1,
  SIGNAL,
  type Variant,
} from '../dbus/index.ts'
import type { WorkTurns } from '../sys/index.ts'
import type { Dispatcher } from './dispatcher.ts'
import { BusError, ERROR, errorOfThrown, isBug } from './errors.ts'

/** Gives the name of a running program, for people to read. */
export type ProcessName = (pid: number) => Promise<string | undefined>

/** What a session works with; the same for one connection after the other. */
export interface SessionParts {
  readonly uid: number
  /** In which calls are begun. */
  readonly turns: WorkTurns
  readonly codec: Codec
  readonly dispatcher: Dispatcher
  readonly log: Log
  readonly processName: ProcessName
  /** The machine woke up. */
  readonly onResume: () => void
  /** A client left the bus; with undefined the bus is lost, and all are gone. */
  readonly onLeft: (busName: string | undefined) => void
}

/** RequestName's answer (D-Bus specification, "Message Bus Messages"). */
const IN_QUEUE = 2

/** Only names that vanish matter to us. */
/** arg2 is the new owner: empty when a name goes away (D-Bus specification, "NameOwnerChanged"). */
const LEAVING = `type='signal',sender='${BUS.name}',interface='${BUS.name}',member='NameOwnerChanged',arg2=''`
const LOGIN = 'org.freedesktop.login1.Manager'
const SLEEP = `type='signal',sender='org.freedesktop.login1',interface='${LOGIN}',member='PrepareForSleep'`

/** Serving on one connection, from Hello until the bus is lost. */
export class Session implements Disposable {
  readonly #parts: SessionParts
  readonly #clients: Clients
  readonly #calls: CallQueue
  #connection: BusConnection | undefined

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.#clients = new Clients((busName) => this.#identify(busName), parts.uid)
    this.#calls = new CallQueue((message) => void this.#serve(message), parts.turns)
  }

  /** From Hello on. */
  get connection(): BusConnection | undefined {
    return this.#connection
  }

  /**
   * Connects, listens to what it needs, and asks for our name: calls are served before the name is ours, so that those
   * the bus kept for it find somebody. Gives the connection.
   * @throws {Error} when the bus cannot be reached or does not let us have the name
   */
  async start(path: string, signal: AbortSignal): Promise<BusConnection> {
    const receiver = {
      onCall: (message: IncomingMessage) => this.#onCall(message),
      onSignal: (message: IncomingMessage) => this.#onSignal(message),
    }
    const connection = await BusConnection.open(path, this.#parts.uid, this.#parts.codec, receiver, signal)
    this.#connection = connection
    await connection.callBus('AddMatch', [LEAVING], signal)
    await connection.callBus('AddMatch', [SLEEP], signal)
    const [result] = await connection.callBus('RequestName', [RESOLVE1, 0], signal)
    if (result === IN_QUEUE) {
      this.#parts.log.warning(`${RESOLVE1} belongs to another program on the bus; taking it when that one ends.`)
    }
    return connection
  }

  /** Sends `PropertiesChanged`. */
  emitChanged(path: string, interfaceName: string, properties: Readonly<Record<string, Variant>>): void {
    this.#connection?.send({
      type: SIGNAL,
      path,
      interface: PROPERTIES.name,
      member: 'PropertiesChanged',
      signature: 'sa{sv}as',
      body: [interfaceName, properties, []],
    })
  }

  /** Sends a signal without arguments. */
  emit(path: string, interfaceName: string, member: string): void {
    this.#connection?.send({ type: SIGNAL, path, interface: interfaceName, member, signature: '', body: [] })
  }

  /** All calls under way are aborted, and nobody is answered any more. */
  [Symbol.dispose](): void {
    this.#calls.close()
    this.#clients[Symbol.dispose]()
    this.#parts.onLeft(undefined)
    this.#connection?.[Symbol.dispose]()
  }

  #onCall(message: IncomingMessage): void {
    if (this.#calls.push(message)) return
    this.#replyError(message, new BusError(ERROR.limitsExceeded, 'Too many calls are waiting.'))
  }

  /**
   * Answers one call. Never throws and never rejects: whatever goes wrong is the caller's answer or a line in the log.
   */
  async #serve(message: IncomingMessage): Promise<void> {
    const { dispatcher, log } = this.#parts
    try {
      const client = this.#clients.client(message.sender)
      if (this.#clients.isScarce) await client.identify() // whose calls wait decides who may have more
      const { signature, values } = await dispatcher.dispatch(message, client)
      this.#reply(message, () => ({ type: METHOD_RETURN, signature, body: values }))
    } catch (error) {
      if (error instanceof ClientGone || error instanceof BusLost) return
      if (isBug(error)) log.bug(error)
      this.#replyError(message, errorOfThrown(error))
    }
  }

  #replyError(message: IncomingMessage, { errorName, message: text }: BusError): void {
    try {
      // The text may hold what the caller sent, e.g. a NUL, which no D-Bus string can carry back.
      const body = [text.replaceAll('\0', '')]
      this.#reply(message, () => ({ type: ERROR_REPLY, errorName, signature: 's', body }))
    } catch (error) {
      this.#parts.log.bug(error)
    }
  }

  /**
   * `make` runs only when a reply is wanted. Peers without a name, on a direct connection, are answered without
   * destination.
   */
  #reply(
    { sender, serial, flags }: IncomingMessage,
    make: () => Pick<Parameters<BusConnection['send']>[0], 'type' | 'errorName' | 'signature' | 'body'>,
  ): void {
    if ((flags & NO_REPLY_EXPECTED) !== 0) return
    const addressed = sender === '' ? {} : { destination: sender }
    this.#connection?.send({ ...make(), ...addressed, replySerial: serial, flags: NO_REPLY_EXPECTED })
  }

  #onSignal(message: IncomingMessage): void {
    try {
      const isFromBus = message.sender === BUS.name && message.interface === BUS.name
      if (isFromBus && message.member === 'NameOwnerChanged') this.#onNameGone(message)
      else if (isFromBus && message.member === 'NameAcquired') this.#onNameAcquired(message)
      else if (isFromBus && message.member === 'NameLost') this.#onNameLost(message)
      else if (message.interface === LOGIN && message.member === 'PrepareForSleep') void this.#onSleep(message)
    } catch (error) {
      this.#parts.log.bug(error)
    }
  }

  #onNameGone(message: IncomingMessage): void {
    const [name, , owner] = message.body()
    if (owner !== '') return
    this.#clients.left(name as string)
    this.#parts.onLeft(name as string)
  }

  #onNameAcquired(message: IncomingMessage): void {
    if (message.body()[0] === RESOLVE1) this.#parts.log.info(`Serving ${RESOLVE1} on the bus.`)
  }

  #onNameLost(message: IncomingMessage): void {
    if (message.body()[0] === RESOLVE1) this.#parts.log.warning(`Another program took ${RESOLVE1} from us.`)
  }

  /** dbus.md §1: the signal comes before sleep with true, and after it with false. */
  async #onSleep(message: IncomingMessage): Promise<void> {
    try {
      if (message.signature !== 'b' || message.body()[0] !== false) return
      // Anybody may send us a signal of this name; logind is root's.
      const { uid } = await this.#clients.client(message.sender).identify()
      if (uid === 0) this.#parts.onResume()
    } catch (error) {
      if (!(error instanceof BusLost)) this.#parts.log.bug(error)
    }
  }

  /** Somebody the bus no longer knows is nobody. */
  async #identify(busName: string): Promise<Caller> {
    try {
      if (this.#connection === undefined) throw new BusLost('not connected')
      const [credentials] = await this.#connection.callBus('GetConnectionCredentials', [busName])
      const uid = credentials['UnixUserID']?.value as number | undefined
      const pid = credentials['ProcessID']?.value as number | undefined
      const process = pid === undefined ? undefined : await this.#parts.processName(pid)
      return { busName, uid, pid, process }
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error
      this.#parts.log.debug(() => `The bus does not vouch for ${busName}: ${reasonOf(error)}`)
      return { busName, uid: undefined, pid: undefined, process: undefined }
    }
  }
}

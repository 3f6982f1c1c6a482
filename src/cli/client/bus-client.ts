import type { EventEmitter } from 'node:events'
import type { MessageBus } from 'dbus-next'
import { CliError } from '../command/cli-error.ts'
import { errnoText } from './errno-text.ts'

/** An error reply of the daemon or the bus; the message is meant for people (resolvectl.md §3.8). */
export class BusError extends CliError {
  /** Such as `org.freedesktop.resolve1.NoSuchRR`. */
  readonly errorName: string

  constructor(errorName: string, message: string, options?: ErrorOptions) {
    super(message === '' ? errorName : message, options)
    this.name = 'BusError'
    this.errorName = errorName
  }
}

/** There is no bus, or it does not let us in. */
export class BusUnreachable extends CliError {}

/** One method of one object. */
export interface BusCall {
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly signature?: string
  readonly body?: readonly unknown[]
  /** The caller may be asked for a password (C-SET-10). */
  readonly interactive?: boolean
}

export const RESOLVE1 = {
  destination: 'org.freedesktop.resolve1',
  path: '/org/freedesktop/resolve1',
  interface: 'org.freedesktop.resolve1.Manager',
} as const

/** How long any call may take (C-5). */
const PATIENCE_MS = 120_000

/** The system bus, as far as a client needs it. Honours DBUS_SYSTEM_BUS_ADDRESS. */
export class BusClient implements Disposable {
  readonly #bus: MessageBus
  readonly #library: typeof import('dbus-next')
  /** Rejects when the connection is lost; until then, and if no call waits, nobody hears of it. */
  readonly #lost: Promise<never>

  private constructor(library: typeof import('dbus-next'), bus: MessageBus, lost: Promise<never>) {
    this.#library = library
    this.#bus = bus
    this.#lost = lost
  }

  /** The library is loaded here, not at start: help and usage errors do not wait for it. @throws {BusUnreachable} */
  static async connect(): Promise<BusClient> {
    const { default: library } = await import('dbus-next')
    try {
      const bus = library.systemBus()
      const lost = lossOf(bus)
      await Promise.race([lost, new Promise((resolve) => bus.once('connect', resolve))])
      return new BusClient(library, bus, lost)
    } catch (cause) {
      throw new BusUnreachable(`Failed to connect to the system bus: ${errnoText(cause)}`, { cause })
    }
  }

  /** The reply's values; 64-bit integers are bigint. @throws {BusError} */
  async call(call: BusCall): Promise<readonly unknown[]> {
    const { Message } = this.#library
    const { interactive = false, signature = '', body = [], ...target } = call
    const flags = interactive ? ALLOW_INTERACTIVE_AUTHORIZATION : 0
    const message = new Message({
      ...target,
      signature,
      body: [...body],
      flags,
    })
    const reply = await this.#patiently(this.#bus.call(message))
    return (reply?.body ?? []) as readonly unknown[]
  }

  /** All properties of one interface of an object, out of their variants. @throws {BusError} */
  async properties(path: string, iface: string, destination: string = RESOLVE1.destination): Promise<Properties> {
    const target = { destination, path, interface: 'org.freedesktop.DBus.Properties' }
    const [values] = await this.call({ ...target, member: 'GetAll', signature: 's', body: [iface] })
    const entries = Object.entries(values as Record<string, { value: unknown }>)
    return Object.fromEntries(entries.map(([name, variant]) => [name, variant.value]))
  }

  [Symbol.dispose](): void {
    this.#bus.disconnect()
  }

  async #patiently<T>(reply: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new BusError(TIMED_OUT, 'Connection timed out')), PATIENCE_MS)
    })
    try {
      return await Promise.race([reply, this.#lost, tooLate])
    } catch (cause) {
      throw asBusError(cause)
    } finally {
      clearTimeout(timer)
    }
  }
}

export type Properties = Readonly<Record<string, unknown>>

const TIMED_OUT = 'org.freedesktop.DBus.Error.Timeout'
/** A header flag that dbus-next does not name. */
const ALLOW_INTERACTIVE_AUTHORIZATION = 4

/**
 * Rejects when the connection breaks. A bus that hangs up is told by the library's inner connection alone: without that,
 * a call would wait for its time-out.
 */
function lossOf(bus: MessageBus): Promise<never> {
  const { _connection } = bus as unknown as { readonly _connection: EventEmitter }
  const lost = new Promise<never>((_, reject) => {
    bus.on('error', reject)
    _connection.once('end', () => reject(new Error('the bus closed it')))
  })
  lost.catch(() => undefined)
  return lost
}

function asBusError(cause: unknown): Error {
  if (cause instanceof CliError) return cause
  const { type, text, message } = cause as Error & { type?: string; text?: string }
  if (type === undefined) return new CliError(`Lost the connection to the system bus: ${message}`, { cause })
  return new BusError(type, text ?? '', { cause })
}

import { Logger } from '../../../src/base/index.ts'
import { Changes } from '../../../src/bus/changes.ts'
import { Clients } from '../../../src/bus/clients.ts'
import { DnssdServices } from '../../../src/bus/dnssd-services.ts'
import type { IncomingMessage } from '../../../src/dbus/codec.ts'
import { type MethodReply, Dispatcher } from '../../../src/bus/dispatcher.ts'
import { errorOfThrown } from '../../../src/bus/errors.ts'
import { logControlInterface } from '../../../src/bus/log-control.ts'
import { managerInterface } from '../../../src/bus/manager.ts'
import { ObjectTree } from '../../../src/bus/object-tree.ts'
import { emptyRegistry, FakeAuthority, FakeControl, FakeLookups, frozenClock } from './fakes.ts'

export const PATH = '/org/freedesktop/resolve1'
export const MANAGER = 'org.freedesktop.resolve1.Manager'
export const LINK = 'org.freedesktop.resolve1.Link'
export const PROPERTIES = 'org.freedesktop.DBus.Properties'

/** The object tree and its dispatcher over fakes, without a bus. */
export class Desk {
  readonly control = new FakeControl()
  readonly lookups = new FakeLookups()
  readonly authority = new FakeAuthority()
  readonly logger = new Logger('info', () => undefined)
  /** uid of whoever calls. */
  uid: number | undefined = 0
  readonly clients = new Clients(async (busName) => ({ busName, uid: this.uid, pid: 4711, process: 'tester' }), 990)
  readonly registry = emptyRegistry()
  readonly services: DnssdServices
  readonly #dispatcher: Dispatcher

  constructor() {
    const changes = new Changes(this.control, this.authority, frozenClock, 990)
    this.services = new DnssdServices(this.registry, this.control, changes)
    const manager = managerInterface(this.lookups, this.control, changes, this.services)
    const log = logControlInterface(this.logger, 'console', changes)
    this.#dispatcher = new Dispatcher(
      new ObjectTree(manager, log, this.control, changes, this.services),
      () => undefined,
    )
  }

  call(
    path: string,
    target: string,
    member: string,
    signature: string,
    body: readonly unknown[],
  ): Promise<MethodReply> {
    return this.receive(message(path, target, member, signature, body))
  }

  receive(received: IncomingMessage): Promise<MethodReply> {
    return this.#dispatcher.dispatch(received, this.clients.client(received.sender))
  }

  manager(member: string, signature: string, body: readonly unknown[]): Promise<MethodReply> {
    return this.call(PATH, MANAGER, member, signature, body)
  }

  /** `name: sentence`, with the usual beginnings of names cut off; undefined when there was no error. */
  async error(answer: Promise<MethodReply>): Promise<string | undefined> {
    const thrown: unknown = await answer.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (thrown === undefined) return undefined
    const { errorName, message: text } = errorOfThrown(thrown)
    return `${errorName.replace(/^org\.freedesktop\.(DBus\.Error|resolve1)\./, '')}: ${text}`
  }
}

export function message(
  path: string,
  target: string,
  member: string,
  signature: string,
  body: readonly unknown[],
): IncomingMessage {
  const empty = { errorName: '', replySerial: 0, flags: 0, type: 1, serial: 1, bodySize: 0 }
  return { ...empty, path, interface: target, member, signature, sender: ':1.9', body: () => [...body] }
}

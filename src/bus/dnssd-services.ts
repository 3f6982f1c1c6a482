import type { Control } from '../control/index.ts'
import { DNSSD_SERVICE, type MANAGER } from '../dbus/index.ts'
import type { ServiceRegistry } from '../multicast/index.ts'
import {
  checkServiceType,
  type DnssdService,
  EMPTY_TXT,
  instanceName,
  NO_SPECIFIERS,
  SettingError,
  txtString,
} from '../settings/index.ts'
import type { Changes } from './changes.ts'
import { BusError, ERROR, invalidArgs } from './errors.ts'
import { type BusCall, type BusInterface, implement, type MethodHandlers } from './interface.ts'
import { DNSSD_PATH, dnssdPath, elementBelow } from './path.ts'

/** TXT records of one service. */
const MAX_TXT = 64
const MAX_FILE_NAME = 255

type TxtArgument = readonly Readonly<Record<string, Uint8Array>>[]

/** Who registered a service: with that bus name it goes, and that user needs no further right to withdraw it. */
interface Owner {
  readonly busName: string
  readonly uid: number | undefined
}

/** Services that programs publish over the bus (dbus.md §6). */
export class DnssdServices {
  readonly #registry: ServiceRegistry
  readonly #control: Control
  readonly #changes: Changes
  readonly #owners = new Map<string, Owner>()

  constructor(registry: ServiceRegistry, control: Control, changes: Changes) {
    this.#registry = registry
    this.#control = control
    this.#changes = changes
  }

  /** Of files too. */
  get ids(): readonly string[] {
    return this.#registry.ids
  }

  /** The manager's side. */
  methods(): Pick<MethodHandlers<typeof MANAGER>, 'RegisterService' | 'UnregisterService'> {
    return {
      RegisterService: ([id, nameTemplate, type, port, priority, weight, txt], call) =>
        this.#register({ id, nameTemplate, type, subtypes: [], port, priority, weight, txt: [] }, txt, call),
      UnregisterService: ([path], call) => this.#unregister(this.#idOf(path), call),
    }
  }

  /** `org.freedesktop.resolve1.DnssdService` of one service; undefined where there is none of the ID. */
  interfaceOf(id: string): BusInterface | undefined {
    if (!this.#registry.ids.includes(id)) return undefined
    return implement(DNSSD_SERVICE, { Unregister: (_, call) => this.#unregister(id, call) }, {})
  }

  /** A client has left the bus, or with undefined all have: nobody is there to withdraw what it published. */
  left(busName: string | undefined): void {
    for (const [id, owner] of this.#owners) {
      if (busName !== undefined && owner.busName !== busName) continue
      this.#owners.delete(id)
      this.#registry.unregister(id)
    }
  }

  /** Checks in the order of the original: what is there, what is asked, then who asks (SD-B-2). */
  async #register(asked: DnssdService, txt: TxtArgument, call: BusCall): Promise<readonly [string]> {
    const { id } = asked
    if (this.#control.global().settings.multicastDns !== 'yes') throw disabled()
    if (!isFileName(id)) throw invalidArgs(`DNS-SD service identifier '${id}' is invalid`)
    orInvalid(() => checkServiceType(asked.type))
    if (this.#registry.ids.includes(id)) throw exists(id)
    const service = orInvalid(() => checked(asked, txt))
    await this.#changes.authorized(call, 'register-service', ({ uid }) => {
      const result = orInvalid(() => this.#registry.register(service))
      if (result === 'exists') throw exists(id)
      if (result === 'too-many') throw new BusError(ERROR.limitsExceeded, 'Too many services are registered.')
      this.#owners.set(id, { busName: call.client.busName, uid })
    })
    return [dnssdPath(id)]
  }

  /** @throws {BusError} NoSuchDnssdService also where it went while its caller's right was looked at */
  async #unregister(id: string, call: BusCall): Promise<readonly []> {
    if (!this.#registry.ids.includes(id)) throw unknown(id)
    const owner = this.#owners.get(id)?.uid
    await this.#changes.authorized(
      call,
      'unregister-service',
      () => {
        this.#owners.delete(id)
        if (!this.#registry.unregister(id)) throw unknown(id)
      },
      owner,
    )
    return []
  }

  #idOf(path: string): string {
    const id = elementBelow(DNSSD_PATH, path)
    if (id !== undefined) return id
    throw new BusError(ERROR.noSuchDnssdService, `DNS-SD service with object path '${path}' does not exist`)
  }
}

/** Each map is one TXT record. @throws {SettingError} */
function checked(service: DnssdService, txt: TxtArgument): DnssdService {
  instanceName(service.nameTemplate, NO_SPECIFIERS, 'h')
  if (txt.length > MAX_TXT) throw new SettingError(`More than ${MAX_TXT} TXT records.`, '')
  const records = txt.map((map) => Object.entries(map).map(([key, value]) => txtString(key, valueOf(value))))
  return { ...service, txt: records.length === 0 ? EMPTY_TXT : records }
}

/** Over the bus a key alone cannot be told from an empty value, and is what is meant (SD-F-3). */
function valueOf(bytes: Uint8Array): Uint8Array | undefined {
  return bytes.length === 0 ? undefined : bytes
}

/** As for a file: no path, nothing hidden in it. */
function isFileName(text: string): boolean {
  return text !== '' && text !== '.' && text !== '..' && !text.includes('/') && Buffer.byteLength(text) <= MAX_FILE_NAME
}

function orInvalid<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw error instanceof SettingError ? invalidArgs(error.message) : error
  }
}

function disabled(): BusError {
  return new BusError(ERROR.notSupported, 'Support for MulticastDNS is disabled')
}

function exists(id: string): BusError {
  return new BusError(ERROR.dnssdServiceExists, `DNS-SD service '${id}' exists already`)
}

function unknown(id: string): BusError {
  return new BusError(ERROR.noSuchDnssdService, `DNS-SD service '${id}' not known`)
}

import { type Clock, type Log, reasonOf } from '../../base/index.ts'
import { type DnssdService, type DnssdSpecifiers, instanceName, NO_SPECIFIERS } from '../../settings/index.ts'
import { cut, type HostLabel } from '../host-label.ts'
import { RenameLimit } from '../rename-limit.ts'
import type { PublishedService, ServiceSource } from './service-source.ts'

const MAX_LABEL = 63
/** Services that programs may register at once. */
const MAX_REGISTERED = 512

export interface ServiceRegistryParts {
  readonly label: Pick<HostLabel, 'label' | 'onChange'>
  readonly clock: Pick<Clock, 'now' | 'after'>
  readonly log: Pick<Log, 'warning' | 'info'>
}

/** How registering went. */
export type Registration = 'registered' | 'exists' | 'too-many'

interface Entry {
  readonly service: DnssdService
  readonly isFromFile: boolean
  readonly limit: RenameLimit
  /** Counted up by conflicts; 1 is not written. */
  number: number
  /** What the template gave last, and by what; a name without an instance is one that cannot be. */
  rendered:
    | { readonly label: string; readonly specifiers: DnssdSpecifiers; readonly base: string | undefined }
    | undefined
}

/**
 * The services of this machine, from files and from programs, and the instance names they have: those of their templates until
 * a neighbour is found to have one. What is published changes with the host's label too (SD-B-4).
 */
export class ServiceRegistry implements ServiceSource {
  readonly #parts: ServiceRegistryParts
  #entries = new Map<string, Entry>()
  #specifiers: DnssdSpecifiers = NO_SPECIFIERS
  #services: readonly PublishedService[] = []
  readonly #listeners = new Set<() => void>()
  readonly #conflictListeners = new Set<(id: string) => void>()
  readonly #subscription: Disposable

  constructor(parts: ServiceRegistryParts) {
    this.#parts = parts
    this.#subscription = parts.label.onChange(() => this.#renew())
  }

  /** Under the names they have now; a service that waits for its next name is not among them. */
  get services(): readonly PublishedService[] {
    return this.#services
  }

  /** All, published or not. */
  get ids(): readonly string[] {
    return [...this.#entries.keys()]
  }

  /** Those of files, in place of the ones before; an ID that a program has registered stays the program's (SD-B-5). */
  replaceFiles(services: readonly DnssdService[], specifiers: DnssdSpecifiers): void {
    this.#specifiers = specifiers
    const before = this.#entries
    const registered = [...before].filter(([, { isFromFile }]) => !isFromFile)
    const fromFiles = services.map((service) => [service.id, this.#entryOf(service, before.get(service.id))] as const)
    this.#entries = new Map([...fromFiles, ...registered])
    for (const [id, { limit }] of before) if (this.#entries.get(id)?.limit !== limit) limit.cancel()
    this.#renew()
  }

  /** @throws {SettingError} when the name's template gives no label */
  register(service: DnssdService): Registration {
    instanceName(service.nameTemplate, this.#specifiers, this.#parts.label.label)
    if (this.#entries.has(service.id)) return 'exists'
    const registered = [...this.#entries.values()].filter(({ isFromFile }) => !isFromFile)
    if (registered.length >= MAX_REGISTERED) return 'too-many'
    this.#entries.set(service.id, {
      service,
      isFromFile: false,
      limit: new RenameLimit(this.#parts.clock),
      number: 1,
      rendered: undefined,
    })
    this.#renew()
    return 'registered'
  }

  /** Of a file too, until the files are read again. False where there is none of the ID. */
  unregister(id: string): boolean {
    this.#entries.get(id)?.limit.cancel()
    if (!this.#entries.delete(id)) return false
    this.#renew()
    return true
  }

  onConflict(id: string, instance: string, where: string): void {
    const entry = this.#entries.get(id)
    const isCurrent = this.#services.some((service) => service.id === id && service.instance === instance)
    if (entry === undefined || !isCurrent) return
    for (const listener of this.#conflictListeners) listener(id)
    entry.limit.request(() => this.#rename(id, instance, where))
    if (entry.limit.isPending) this.#renew() // it is gone meanwhile
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Calls back with the ID of a service whose instance a neighbour has, until disposed. */
  onConflicted(listener: (id: string) => void): Disposable {
    this.#conflictListeners.add(listener)
    return { [Symbol.dispose]: () => void this.#conflictListeners.delete(listener) }
  }

  [Symbol.dispose](): void {
    this.#subscription[Symbol.dispose]()
    for (const { limit } of this.#entries.values()) limit.cancel()
  }

  #rename(id: string, lost: string, where: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    entry.number++
    this.#renew()
    const { instance: next, type } = this.#services.find((service) => service.id === id) ?? { instance: '', type: '' }
    this.#parts.log.warning(`${where}: another machine has the service ${lost} (${type}). This one's is ${next} now.`)
  }

  /** What is the same as before keeps the number that it has come to. */
  #entryOf(service: DnssdService, before: Entry | undefined): Entry {
    if (before?.isFromFile === true && before.service.nameTemplate === service.nameTemplate) {
      return { ...before, service, rendered: undefined }
    }
    return { service, isFromFile: true, limit: new RenameLimit(this.#parts.clock), number: 1, rendered: undefined }
  }

  /** No two have the same instance of a type: neighbours could not tell them apart. */
  #renew(): void {
    const taken = new Set<string>()
    this.#services = [...this.#entries.values()].flatMap((entry) => {
      const base = this.#baseOf(entry)
      if (base === undefined || entry.limit.isPending) return []
      const key = () => `${numbered(base, entry.number)} ${entry.service.type}`.toLowerCase()
      while (taken.has(key())) entry.number++
      taken.add(key())
      const { nameTemplate: _, ...service } = entry.service
      return [{ ...service, instance: numbered(base, entry.number) }]
    })
    for (const listener of this.#listeners) listener()
  }

  /** Made anew when the label or the specifiers have changed. */
  #baseOf(entry: Entry): string | undefined {
    const { label } = this.#parts.label
    const specifiers = this.#specifiers
    if (entry.rendered?.label !== label || entry.rendered.specifiers !== specifiers) {
      entry.rendered = { label, specifiers, base: this.#render(entry.service) }
    }
    return entry.rendered.base
  }

  #render({ id, nameTemplate }: DnssdService): string | undefined {
    try {
      return instanceName(nameTemplate, this.#specifiers, this.#parts.label.label)
    } catch (error) {
      this.#parts.log.warning(`The service ${id} is not published: ${reasonOf(error)}`)
      return undefined
    }
  }
}

/** `Printer`, then `Printer (2)` (RFC 6763 appendix D); no longer than a label. */
function numbered(base: string, number: number): string {
  if (number === 1) return base
  const suffix = ` (${number})`
  return cut(base, MAX_LABEL - suffix.length) + suffix
}

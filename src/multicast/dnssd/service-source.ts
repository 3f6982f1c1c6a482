import type { DnssdService } from '../../settings/index.ts'

/** A service under the name it has now. */
export interface PublishedService extends Omit<DnssdService, 'nameTemplate'> {
  /** One label, which may hold dots and spaces. */
  readonly instance: string
}

/** The services that are published, on all links alike. */
export interface ServiceSource {
  readonly services: readonly PublishedService[]
  /** A neighbour on the link `where` owns this instance of the service. */
  onConflict(id: string, instance: string, where: string): void
  /** Calls back after each change, until disposed. */
  onChange(listener: () => void): Disposable
}

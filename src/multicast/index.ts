/**
 * Names of the neighbourhood: multicast DNS (RFC 6762), service discovery (RFC 6763) and LLMNR (RFC 4795), on one link at a
 * time. Datagrams, time and randomness come in; datagrams and what was learnt go out. Sockets are made elsewhere.
 */
export type { Registration, ServiceRegistryParts } from './dnssd/service-registry.ts'
export { ServiceRegistry } from './dnssd/service-registry.ts'
export type { PublishedService, ServiceSource } from './dnssd/service-source.ts'
export type { MdnsResponderFacts, MdnsResponderParts } from './mdns/responder.ts'
export { MdnsResponder } from './mdns/responder.ts'
export type { HostLabelServices } from './host-label.ts'
export { HostLabel } from './host-label.ts'
export type {
  LinkStream,
  LinkStreamEvents,
  MulticastDatagram,
  MulticastLink,
  MulticastNetwork,
  MulticastPlace,
  MulticastProtocol,
  MulticastSocket,
} from './network.ts'
export { groupOf, MULTICAST_PORTS } from './network.ts'
export type { Querier, QuerierOptions, QuerierParts, QuerierResult } from './querier.ts'
export type { LlmnrResponderParts } from './llmnr/responder.ts'
export { LlmnrResponder } from './llmnr/responder.ts'
export { LlmnrQuerier } from './llmnr/querier.ts'
export type { Browser, BrowsedService, BrowseRequest, ServiceChange } from './browser.ts'
export { MdnsBrowser } from './mdns/browser.ts'
export type { KnownRecord } from './mdns/known-record.ts'
export { MdnsQuerier } from './mdns/querier.ts'

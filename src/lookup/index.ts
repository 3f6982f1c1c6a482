/**
 * What programs ask over bus, varlink and NSS: addresses of a host, names of an address, records, services (dbus.md §3).
 * In come arguments as clients wrote them, out come results or failures with the sentence that clients print. Arguments
 * are checked here, once for all interfaces; how names are resolved is `resolve/`, how replies are written is not known.
 */
export { failureText } from './failure-text.ts'
export { recordsAsWritten, spellingsOf } from './as-written.ts'
export { parseHostName, queryFor } from './lookup-results.ts'
export type {
  AddressRequest,
  AddressResult,
  FoundAddress,
  FoundService,
  HostnameRequest,
  HostnameResult,
  Lookup,
  LookupFailure,
  LookupProblem,
  Lookups,
  RecordRequest,
  RecordResult,
  ServiceRequest,
  ServiceResult,
} from './lookup-types.ts'
export { ResolverLookups } from './resolver-lookups.ts'

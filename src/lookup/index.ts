export { failureText } from './failure-text.ts'
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

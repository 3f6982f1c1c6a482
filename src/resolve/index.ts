export type { ExplainedCache, ExplainedScope, ExplainedStep, Explanation } from './explain.ts'
export { failureText } from './failure-text.ts'
export { ACCEPTED_FLAGS, FLAG, PROTOCOLS } from './flags.ts'
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
  QueryState,
  RecordRequest,
  RecordResult,
  ServiceRequest,
  ServiceResult,
} from './lookup-types.ts'
export { parseHostName, queryFor } from './lookup-results.ts'
export type { Attempt, Provenance, ScopeVerdict, Source } from './provenance.ts'
export type { ClientIdentity, QueryClient } from './client.ts'
export type { Query, RelayedMessage, Resolution, ResolvedRecord } from './query.ts'
export type { LocalSources, QueryListener, ResolverServices } from './resolver.ts'
export { Resolver } from './resolver.ts'
export { ResolverLookups } from './resolver-lookups.ts'
export type { ServerSight } from './server-sight.ts'
export { serverSights } from './server-sight.ts'

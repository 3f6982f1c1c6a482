import type { DnssecResult, QueryState } from '../resolve/index.ts'
import type { IfIndex, IpAddress } from '../base/index.ts'
import type { ExtendedError, ResourceRecord } from '../wire/index.ts'
import type { QueryClient } from '../resolve/index.ts'
import type { Resolved } from '../resolve/index.ts'

/** What an IPC lookup can fail with besides a query state; each has its own bus and varlink error. */
export type LookupProblem =
  | 'no-such-rr'
  | 'cname-loop'
  | 'query-refused'
  | 'invalid-argument'
  | 'bad-address-size'
  | 'type-invalid'
  | 'zone-transfer'
  | 'type-obsolete'
  | 'no-such-service'
  | 'inconsistent-service'

/** A lookup that found nothing, as a value. `message` is the sentence clients print (resolvectl.md §3.8). */
export interface LookupFailure {
  readonly kind: Exclude<QueryState, 'success'> | LookupProblem
  readonly message: string
  /** For `rcode-failure`. */
  readonly rcode: number | undefined
  /** For `errno`. */
  readonly errno: number | undefined
  /** For `invalid-argument`: the argument's varlink name, e.g. `flags`. */
  readonly parameter: string | undefined
  /** The last name of the chain. */
  readonly queryString: string
  readonly extendedError: ExtendedError | undefined
  /** For `dnssec-failed`. */
  readonly dnssecResult: DnssecResult | undefined
  /** How it came to this; missing when nothing was asked. */
  readonly resolved?: Resolved
}

/** Common to all lookups: where to ask (0 = anywhere) and the input bits of `FLAG`. */
interface LookupRequest {
  readonly ifindex: IfIndex
  readonly flags: number
  readonly client?: QueryClient
}
export interface HostnameRequest extends LookupRequest {
  /** As the client wrote it. */
  readonly name: string
  /** 0 asks for both. Any number: it is checked here. */
  readonly family: number
}
/** `address` has 4 or 16 bytes; any other number is refused here. */
export interface AddressRequest extends LookupRequest {
  readonly family: number
  readonly address: Uint8Array
}
/** `name` is absolute whether or not it ends in a dot. */
export interface RecordRequest extends LookupRequest {
  readonly name: string
  readonly type: number
  readonly class: number
}
/** `name` and `type` may be empty: then `domain` is the whole name to ask for SRV (dbus.md §3.4). */
export interface ServiceRequest extends LookupRequest {
  readonly name: string
  readonly type: string
  readonly domain: string
  readonly family: number
}

/** Common to all results: the answer they were made of, and how it came about. */
type LookupResult = Resolved
export interface FoundAddress {
  readonly ifindex: IfIndex
  readonly address: IpAddress
}
export interface HostnameResult extends LookupResult {
  readonly addresses: readonly FoundAddress[]
  readonly canonical: string
}
export interface AddressResult extends LookupResult {
  readonly names: readonly { readonly ifindex: IfIndex; readonly name: string }[]
}
export interface RecordResult extends LookupResult {
  readonly records: readonly { readonly ifindex: IfIndex; readonly record: ResourceRecord }[]
}
/** One SRV record (RFC 2782) with the addresses of its host, empty when those were not wanted or not found. */
export interface FoundService {
  readonly priority: number
  readonly weight: number
  readonly port: number
  readonly hostname: string
  readonly addresses: readonly FoundAddress[]
  readonly canonicalName: string
}
export interface ServiceResult extends LookupResult {
  readonly services: readonly FoundService[]
  /** Raw TXT strings. */
  readonly txt: readonly Uint8Array[]
  readonly canonical: { readonly name: string; readonly type: string; readonly domain: string }
}

export type Lookup<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: LookupFailure }

/** The lookups of the IPC front ends (dbus.md §3.1–3.4): bus and varlink only translate to and from these. */
export interface Lookups {
  hostname(request: HostnameRequest, signal: AbortSignal): Promise<Lookup<HostnameResult>>
  address(request: AddressRequest, signal: AbortSignal): Promise<Lookup<AddressResult>>
  record(request: RecordRequest, signal: AbortSignal): Promise<Lookup<RecordResult>>
  service(request: ServiceRequest, signal: AbortSignal): Promise<Lookup<ServiceResult>>
}

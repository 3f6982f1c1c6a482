import { EXPLANATION_TYPES, Failure, Provenance, PROVENANCE_TYPES, Scope, Step, Trust } from './explain-types.ts'
import type { Interface } from './idl.ts'
import { bool, int, list, method, optional, string, struct } from './idl.ts'
import { ResourceKey, ResourceRecord } from './shared-types.ts'

// As the replies of io.systemd.Resolve, but never empty-handed: a lookup that fails says what it came to.
const FoundAddress = struct('FoundAddress', { ifindex: optional(int), family: int, address: list(int) })
const FoundName = struct('FoundName', { ifindex: optional(int), name: string })
const FoundRecord = struct('FoundRecord', { ifindex: optional(int), rr: optional(ResourceRecord), raw: string })
/** What asking came to; `state` is nodata for a success without records, `rrs` the whole chain. */
const Asked = struct('Asked', {
  state: string,
  failure: optional(Failure),
  name: string,
  rrs: list(FoundRecord),
  flags: int,
  provenance: Provenance,
})

const where = { ifindex: optional(int), flags: optional(int) }
/** What every lookup is answered with besides its result; `failure` where there is none. */
const told = { flags: optional(int), failure: optional(Failure), provenance: optional(Provenance) }

const methods = {
  ResolveHostname: method(
    'As in io.systemd.Resolve, with where the answer comes from. A failed lookup is a reply too: what is there tells why.',
    { name: string, family: optional(int), ...where },
    { addresses: optional(list(FoundAddress)), name: optional(string), ...told },
  ),
  ResolveAddress: method(
    'As in io.systemd.Resolve, with where the answer comes from.',
    { address: list(int), family: int, ...where },
    { names: optional(list(FoundName)), ...told },
  ),
  ResolveRecord: method(
    'As in io.systemd.Resolve, with where the answer comes from.',
    { name: string, class: optional(int), type: int, ...where },
    { rrs: optional(list(FoundRecord)), ...told },
  ),
  Why: method(
    'The whole decision for a name from live state, which is not changed by it; then, with ask, what asking brings and its chains of trust. What is cached is told to those who may dump the cache; to others cacheHidden is true.',
    { name: string, class: optional(int), types: list(int), ask: bool, ...where },
    {
      name: string,
      types: list(int),
      steps: list(Step),
      scopes: list(Scope),
      changedUSec: optional(int),
      cacheHidden: optional(bool),
      asked: optional(Asked),
      /** With `ask`, for scopes that validate. */
      trust: optional(list(Trust)),
    },
  ),
}

/** `io.tsresolved.Explain`: our own, beside the interfaces that clients of systemd-resolved know. */
export const EXPLAIN_INTERFACE: Interface<typeof methods> = {
  name: 'io.tsresolved.Explain',
  comment: 'Tells where answers come from, and why. All times are in microseconds.',
  types: [
    ResourceKey,
    ResourceRecord,
    FoundAddress,
    FoundName,
    FoundRecord,
    ...PROVENANCE_TYPES,
    ...EXPLANATION_TYPES,
    Asked,
  ],
  methods,
  errors: {},
}

import type { Clock, Log } from '../base/index.ts'
import type { ScopeSet } from '../scope/index.ts'
import type { HostsTable, ResolvedSettings, StaticRecords } from '../settings/index.ts'
import type { LookupHooks } from './sources/lookup-hook.ts'
import type { HostFacts } from '../synth/index.ts'

/** What this machine knows without asking anybody. Where a file has to be looked at again, a promise comes back. */
export interface LocalSources {
  staticRecords(): StaticRecords | Promise<StaticRecords>
  hosts(): HostsTable | Promise<HostsTable>
  host(): HostFacts
  /** Counts changes of the addresses of this machine and of its gateways: their reverse names are answered here. */
  readonly addressesVersion: number
}

export interface ResolverServices {
  readonly scopes: ScopeSet
  readonly local: LocalSources
  readonly hooks: LookupHooks
  /** Called before a name is routed: takes up what is only looked at when needed, such as /etc/resolv.conf (R-RC-7). */
  readonly catchUp: () => unknown
  readonly settings: () => ResolvedSettings
  readonly clock: Clock
  readonly log: Log
}

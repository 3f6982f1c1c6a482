import type { IfIndex } from '../base/index.ts'
import type { Protocol } from './protocol.ts'

/** Which scope it is. The object itself tells scopes apart: one whose servers changed is another, under the same label. */
export interface ScopeIdentity {
  readonly protocol: Protocol
  /** For people: `global`, `link 3 (eth0)`, `delegate corp`. */
  readonly label: string
  /** 0 where the scope is no link's. */
  readonly ifindex: IfIndex
}

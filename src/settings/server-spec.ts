import type { IfIndex, IpAddress } from '../base/index.ts'

/**
 * One configured DNS server, normalised (R-SRV-3): ports 53 and 853 are stored as 0, which means "the transport's own".
 * Two are the same server when `serverKey` is equal.
 */
export interface ServerSpec {
  readonly address: IpAddress
  /** 0 = default: 53, or 853 over TLS. */
  readonly port: number
  /** Interface named with `%`; 0 = none. Link servers carry their link's index only in their scope, not here. */
  readonly ifindex: IfIndex
  /** Name after `#`: what TLS certificates are checked against. */
  readonly serverName: string | undefined
}

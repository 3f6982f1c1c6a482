import type { OBSERVE_INTERFACE, Reply } from '../../varlink-idl/index.ts'
import { alignRows } from '../terminal/layout.ts'
import type { DnsConfiguration } from './dns-configuration.ts'

type LinkView = Reply<typeof OBSERVE_INTERFACE, 'DescribeLinks'>['links'][number]
/** What of a link decides whether it can be used. */
export type LinkState = Pick<LinkView, 'ifindex' | 'up' | 'carrier' | 'addresses' | 'configuredServers'>

/** `Link State: no carrier`, where that is why a link has no scope; nothing where it has one. */
export function linkStateLines(block: DnsConfiguration, links: readonly LinkState[], columns: number): string[] {
  const { ifindex, scopes = [] } = block
  const link = ifindex === undefined ? undefined : links.find((each) => each.ifindex === ifindex)
  if (link === undefined || scopes.length > 0) return []
  return alignRows([{ label: 'Link State', value: reasonFor(link) }], columns, 'Current DNS Server:'.length)
}

/** The first thing that is missing, from the cable up. */
function reasonFor({ up, carrier, addresses, configuredServers }: LinkState): string {
  if (!up) return 'down'
  if (!carrier) return 'no carrier'
  if (addresses.length === 0) return 'no address'
  return configuredServers.length === 0 ? 'no DNS server' : 'up'
}
